import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeModuleUpstream, moduleFiles } from '../../support/fakes/upstream/fake-module-upstream.js';
import { MODULE_LIES } from '../../support/fakes/upstream/module-lies.js';
import { uniqueName } from '../../support/factories/names.js';
import { TestApp } from '../../support/test-app.js';

import {
  app,
  admin,
  upstream,
  module,
  api,
  addMirror,
  base,
  list,
  listed,
  ask,
  linkOf,
  follow,
  download,
  stored,
  claims,
  type VersionList,
  usePulledModules,
} from './pulled-modules-fixture.js';

usePulledModules();

describe('A namespace whose modules are fetched on demand', () => {
  it('lists what the upstream has, newest first, and fetches nothing for that', async () => {
    await addMirror();
    expect(await listed()).toEqual(['2.0.0', '1.1.0', '1.0.0']);
    const rich = (await app.request(`${base()}/versions`)).json<VersionList>();
    expect(rich.modules[0].versions.map(({ version }) => version)).toEqual(['2.0.0', '1.1.0', '1.0.0']);
    expect(upstream.count('download')).toBe(0);
    expect(await stored()).toEqual([]);
  });

  it('has a version from its first download on, like a published one', async () => {
    await addMirror();
    const link = await linkOf('1.1.0');
    expect(new URL(link).pathname).toMatch(/\/pull\/vpc\.tar\.gz$/);
    expect((await app.fetchLink(link, { method: 'HEAD' })).status).toBe(200);
    expect(upstream.archivesFetched).toBe(0);
    const bytes = (await follow(link)).body;
    const folder = await mkdtemp(join(tmpdir(), 'pulled-'));
    await writeFile(join(folder, 'module.tar.gz'), bytes);
    execFileSync('tar', ['-xzf', 'module.tar.gz'], { cwd: folder });
    for (const { name, data } of moduleFiles(module, '1.1.0')) {
      expect(await readFile(join(folder, name), 'utf8')).toBe(String(data));
    }
    await rm(folder, { recursive: true });
    expect(await stored()).toEqual([{ version: '1.1.0', state: 'active' }]);
    expect(await listed()).toEqual(['2.0.0', '1.1.0', '1.0.0']);
    expect(await linkOf('1.1.0')).toContain('/v1/files/');
    expect((await download('1.1.0')).equals(bytes)).toBe(true);
    expect((await follow(link)).body.equals(bytes)).toBe(true);
    const detail = await app.request(`/api/v1/modules/${base().slice('/v1/modules/'.length)}`);
    expect(detail.json()).toMatchObject({ source: `${upstream.authority}/${module.namespace}/vpc/aws` });
    expect(upstream.archivesFetched).toBe(1);
  });

  it('keeps the first bytes for ever', async () => {
    await addMirror();
    const first = await download('1.0.0');
    upstream.releaseAgain();
    expect((await download('1.0.0')).equals(first)).toBe(true);
    expect(upstream.archivesFetched).toBe(1);
  });

  it('is fetched once for two hundred who ask for the first time, in two processes', async () => {
    await addMirror();
    const other = await app.another();
    try {
      await expect.poll(async () => (await list(other)).status).toBe(200);
      const both = [app, other];
      const asking = <T>(one: (on: TestApp) => Promise<T>) =>
        Promise.all(Array.from({ length: 200 }, (_, nr) => one(both[nr % 2]!)));
      let go = (): void => undefined;
      const gate = new Promise<void>((resolve) => (go = resolve));
      upstream.beforeArchive = () => gate;
      const links = await asking((on) => linkOf('2.0.0', on));
      expect(upstream.count('versions')).toBe(1);
      const all = asking((on) => follow(links[0]!, on));
      await expect.poll(() => upstream.archivesFetched).toBe(1);
      go();
      const answers = await all;
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(answers.every(({ body }) => body.equals(answers[0]!.body))).toBe(true);
      expect(upstream.archivesFetched).toBe(1);
    } finally {
      await other.stop();
    }
  });

  it('serves what is here while the upstream is down, and tells clients to come back for what is new', async () => {
    const id = await addMirror();
    const bytes = await download('1.0.0');
    upstream.isDown = true;
    // What the upstream said before does not count for a changed mirror.
    expect((await api(`/${id}`, 'PUT', { description: 'changed' })).status).toBe(200);
    expect(await listed()).toEqual(['1.0.0']);
    expect((await download('1.0.0')).equals(bytes)).toBe(true);
    const news = await ask('2.0.0');
    expect([news.status, news.headers['retry-after']]).toEqual([503, '10']);
    expect((await list(app, undefined, 'other')).status).toBe(503);
    expect((await list(app, undefined, 'other')).headers['retry-after']).toBe('10');
  });

  it('does not let clients wait for a slow upstream when something is here', async () => {
    const id = await addMirror();
    await download('1.0.0');
    let answer = (): void => undefined;
    upstream.lie = {
      answers: {
        versions: ({ honestly }) => void new Promise<void>((done) => (answer = done)).then(honestly),
      },
    };
    expect((await api(`/${id}`, 'PUT', { description: 'changed' })).status).toBe(200);
    expect(await listed()).toEqual(['1.0.0']);
    const news = await ask('1.1.0');
    expect([news.status, news.headers['retry-after']]).toEqual([503, '2']);
    answer();
    await expect.poll(() => listed(), { timeout: 5_000 }).toEqual(['2.0.0', '1.1.0', '1.0.0']);
  });

  it('counts and records what was downloaded and fetched', async () => {
    await addMirror();
    const labels = { namespace: module.namespace, system: module.system };
    await download('1.0.0');
    expect(await app.metric('module_downloads_total', labels)).toBe(1);
    await download('1.0.0');
    expect(await app.metric('module_downloads_total', labels)).toBe(2);
    const entries = await app.query<{ user_name: string; metadata: object }>(
      `SELECT user_name, metadata FROM audit_entries
       WHERE action = 'mirror.module_pulled' AND metadata ->> 'address' = $1`,
      [base().slice('/v1/modules/'.length)],
    );
    expect(entries).toMatchObject([
      {
        user_name: expect.stringMatching(/^mirror /),
        metadata: { version: '1.0.0', pulled_from: upstream.authority },
      },
    ]);
  });

  it('answers 404 for what the upstream does not have, also in another spelling', async () => {
    await addMirror();
    expect((await list(app, undefined, 'other')).status).toBe(404);
    expect((await ask('9.9.9')).status).toBe(404);
    const asked = upstream.asked.length;
    const shouted = base().replace(module.namespace, module.namespace.toUpperCase());
    expect((await app.request(`${shouted}/versions`, { lean: true })).status).toBe(404);
    expect(upstream.asked.length).toBe(asked);
  });

  it('takes a link for exactly one version, and not for ever', async () => {
    await addMirror();
    const link = await linkOf('1.0.0');
    expect((await app.fetchLink(link.replace('/1.0.0/', '/1.1.0/'))).status).toBe(403);
    expect((await app.fetchLink(link.replace(/\?.*/, ''))).status).toBe(403);
    expect(upstream.archivesFetched).toBe(0);
  });

  it('never fetches a version anew that was deleted or quarantined here', async () => {
    await addMirror();
    const link = await linkOf('1.0.0');
    await download('1.0.0');
    await download('1.1.0');
    const key = await app.issueKey('admin');
    const of = (version: string) => `/api/v1/modules/${module.namespace}/vpc/aws/versions/${version}`;
    const gone = await app.request(of('1.0.0'), { method: 'DELETE', key });
    expect(gone.status, gone.body.toString()).toBe(200);
    const bad = await app.request(`${of('1.1.0')}/quarantine`, {
      method: 'POST',
      key,
      json: { reason: 'bad' },
    });
    expect(bad.status, bad.body.toString()).toBe(200);
    expect(await listed()).toEqual(['2.0.0']);
    expect((await ask('1.0.0')).status).toBe(404);
    expect((await ask('1.1.0')).status).toBe(410);
    expect((await app.fetchLink(link)).status).toBe(404);
    expect(upstream.archivesFetched).toBe(2);
  });
});

describe('Who may read such a namespace', () => {
  it('is decided before anybody is asked', async () => {
    const own = await app.addOrganization(uniqueName('own'), 'private');
    const foreign = await app.addOrganization(uniqueName('foreign'), 'private');
    const reader = await app.issueKey('modules:read', own);
    const stranger = await app.issueKey('modules:read', foreign);
    await addMirror({ organization_id: own });
    const nothing = await app.request('/v1/modules/nobody-has-it/vpc/aws/versions', {
      lean: true,
      key: stranger,
    });
    for (const answer of [await list(app, stranger), await list(), await ask('1.0.0', app, stranger)]) {
      expect([answer.status, answer.body.toString()]).toEqual([404, nothing.body.toString()]);
    }
    expect(upstream.asked).toEqual([]);
    expect((await list(app, reader)).status).toBe(200);
    const answer = await ask('1.0.0', app, reader);
    expect((await follow(answer.headers['x-terraform-get'] as string)).status).toBe(200);
    expect((await ask('1.0.0', app, stranger)).status).toBe(404);
    const found = await app.request(`/api/v1/modules/search?namespace=${module.namespace}`, {
      key: stranger,
    });
    expect(found.json()).toMatchObject({ modules: [] });
  });

  it('is everybody who may read anything, for a mirror without organization', async () => {
    await addMirror({ organization_id: null });
    expect(await claims()).toEqual([{ pulled_from: upstream.authority, is_shared: true }]);
    await download('1.0.0');
    expect(
      await app.query('SELECT visibility FROM search_documents WHERE namespace = $1', [module.namespace]),
    ).toEqual([{ visibility: 'shared' }]);
  });
});

describe('What may be fetched', () => {
  const policy = (settings: object) =>
    app.request('/api/v1/admin/policies', {
      method: 'POST',
      key: admin,
      json: {
        name: uniqueName('policy'),
        upstream_registry: upstream.authority,
        namespace_pattern: module.namespace,
        priority: 20_000,
        ...settings,
      },
    });

  it('is nothing that a policy denies', async () => {
    expect((await policy({ policy_type: 'deny', provider_pattern: 'vpc*' })).status).toBe(201);
    await addMirror();
    expect((await list()).status).toBe(404);
    expect((await ask('1.0.0')).status).toBe(404);
    expect(upstream.asked).toEqual([]);
  });

  it('waits for an approval, and is there when somebody gives it', async () => {
    expect((await policy({ policy_type: 'allow', requires_approval: true })).status).toBe(201);
    const id = await addMirror();
    expect((await list()).status).toBe(404);
    expect((await list(app, undefined, 'not-there')).status).toBe(404);
    const pending = await app.request(`/api/v1/admin/approvals?status=pending`, { key: admin });
    const all = pending.json<{ id: string; mirror_config_id: string; provider_name: string }[]>();
    const approvals = all.filter((one) => one.mirror_config_id === id);
    expect(approvals.map((one) => one.provider_name)).toEqual(['vpc/aws']);
    const reviewer = await app.issueKey('admin');
    const review = await app.request(`/api/v1/admin/approvals/${approvals[0]!.id}/review`, {
      method: 'PUT',
      key: reviewer,
      json: { status: 'approved' },
    });
    expect(review.status, review.body.toString()).toBe(200);
    await expect.poll(async () => (await list()).status, { timeout: 5_000 }).toBe(200);
    await download('1.0.0');
  });

  it('is approved by the rules of the mirror where they fit, which is recorded', async () => {
    expect((await policy({ policy_type: 'allow', requires_approval: true })).status).toBe(201);
    const id = await addMirror({ auto_approval: { version_constraint: '1.x' } });
    expect(await listed()).toEqual(['1.1.0', '1.0.0']);
    expect((await ask('2.0.0')).status).toBe(404);
    await download('1.0.0');
    const approvals = await app.query(
      `SELECT provider_type, upstream_version, status FROM mirror_approvals WHERE mirror_id = $1 ORDER BY status`,
      [id],
    );
    expect(approvals).toEqual([
      { provider_type: 'vpc/aws', upstream_version: '1.0.0', status: 'approved' },
      { provider_type: 'vpc/aws', upstream_version: null, status: 'pending' },
    ]);
  });

  it('is never approved by a signature, which modules do not have', async () => {
    expect((await policy({ policy_type: 'allow', requires_approval: true })).status).toBe(201);
    await addMirror({ auto_approval: { signed_by_trusted_key: true } });
    expect((await list()).status).toBe(404);
    expect((await ask('1.0.0')).status).toBe(404);
  });

  it('has been listed for the days of the cool-down', async () => {
    await addMirror({ cool_down_days: 3 });
    expect((await list()).status).toBe(404);
    expect((await ask('1.0.0')).status).toBe(404);
    await app.query(
      `UPDATE pulled_module_versions SET first_seen_at = now() - interval '3 days'
       WHERE namespace = $1 AND version = '1.0.0'`,
      [module.namespace],
    );
    await expect.poll(async () => (await list()).status, { timeout: 5_000 }).toBe(200);
    expect(await listed()).toEqual(['1.0.0']);
    expect((await ask('1.1.0')).status).toBe(404);
    await download('1.0.0');
  });

  it('is no longer stored when somebody forbids it while it is fetched', async () => {
    const id = await addMirror();
    upstream.beforeArchive = async () => {
      expect((await api(`/${id}`, 'PUT', { module_namespaces: [] })).status).toBe(200);
    };
    expect((await follow(await linkOf('1.0.0'))).status).toBe(404);
    expect(await stored()).toEqual([]);
    expect(await claims()).toEqual([]);
  });
});

describe('An upstream that lies', () => {
  const SLOW = ['the versions are endless', 'the archive comes too slowly', 'the archive is endless'];
  it.each(Object.keys(MODULE_LIES).filter((lie) => !SLOW.includes(lie)))(
    'has nothing stored when %s',
    async (lie) => {
      await addMirror();
      upstream.lie = (MODULE_LIES as Record<string, FakeModuleUpstream['lie']>)[lie]!;
      const answer = await ask('1.0.0');
      const status =
        answer.status === 204
          ? (await follow(answer.headers['x-terraform-get'] as string)).status
          : answer.status;
      expect([404, 503]).toContain(status);
      expect(await stored()).toEqual([]);
      expect(upstream.canaryHits).toBe(0);
    },
  );

  it('says in a sentence why an address cannot be fetched, where clients show it', async () => {
    await addMirror();
    upstream.lie = { source: () => 'git::https://git.example.invalid/acme/vpc.git?ref=v1.0.0' };
    const answer = await ask('1.0.0');
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).toContain('mirror.git_archives');
  });
});
