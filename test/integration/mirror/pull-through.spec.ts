import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  UpstreamCatalogue,
  type CatalogueProvider,
} from '../../support/fakes/upstream/upstream-catalogue.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import { uniqueName } from '../../support/factories/names.js';
import { allowEverything, heldPackages } from '../../support/mirror-runs.js';
import { TestApp } from '../../support/test-app.js';

const PLATFORMS = ['linux_amd64', 'darwin_arm64'];

interface Index {
  readonly versions: Record<string, object>;
}
interface Archives {
  readonly archives: Record<string, { readonly url: string; readonly hashes: readonly string[] }>;
}

let app: TestApp;
let admin: string;
let keys: UpstreamKeys;
let upstream: UpstreamCatalogue;
let host: string;
let widget: CatalogueProvider;

beforeAll(async () => {
  keys = await makeUpstreamKeys();
  app = await TestApp.start({
    TFR_SECURITY_EGRESS_ALLOWLIST: UpstreamCatalogue.HOST,
    TFR_MIRROR_PULL_THROUGH_TROUBLE: '0s',
  });
  admin = await app.issueKey('admin');
  await allowEverything(app);
});
afterAll(() => app?.stop());

beforeEach(async () => {
  widget = {
    namespace: 'acme',
    type: uniqueName('widget'),
    versions: ['1.0.0', '1.1.0'],
    platforms: PLATFORMS,
  };
  upstream = await UpstreamCatalogue.start(keys.honest, [widget]);
  host = upstream.authority;
  return () => upstream.stop();
});

async function addMirror(settings: object = {}, on = app): Promise<string> {
  const answer = await on.request('/api/v1/admin/mirrors', {
    method: 'POST',
    key: await on.issueKey('admin'),
    json: {
      name: uniqueName('pulling'),
      upstream_registry_url: upstream.origin,
      key_trust: 'community',
      pull_through: true,
      ...settings,
    },
  });
  expect(answer.status).toBe(201);
  return answer.json<{ id: string }>().id;
}

const base = (type = widget.type): string => `/terraform/providers/${encodeURIComponent(host)}/acme/${type}`;
const pathOf = (url: string): string => {
  const { pathname, search } = new URL(url);
  return pathname + search;
};
const index = (type = widget.type, on = app) => on.request(`${base(type)}/index.json`);
const version = async (text: string, on = app): Promise<Archives> => {
  const answer = await on.request(`${base()}/${text}.json`);
  expect(answer.status).toBe(200);
  return answer.json<Archives>();
};
const digestOf = (text: string, platform: string): string =>
  createHash('sha256')
    .update(upstream.packageBytes(widget, text, platform))
    .digest('hex');
/** What a client gets that follows redirects. */
async function download(url: string, on = app): Promise<Buffer> {
  const answer = await on.request(pathOf(url));
  if (answer.status === 302) return download(answer.headers['location'] as string, on);
  expect(answer.status).toBe(200);
  return answer.body;
}

describe('A mirror with pull-through', () => {
  it('lists what the upstream has at once, and fetches no package for that', async () => {
    await addMirror();
    expect((await index()).json<Index>()).toEqual({ versions: { '1.0.0': {}, '1.1.0': {} } });
    const { archives } = await version('1.1.0');
    expect(Object.keys(archives).sort()).toEqual([...PLATFORMS].sort());
    for (const platform of PLATFORMS) {
      expect(archives[platform]!.hashes).toEqual([`zh:${digestOf('1.1.0', platform)}`]);
    }
    expect(upstream.packagesFetched).toBe(0);
    expect(await heldPackages(app, host)).toEqual([]);
  });

  it('fetches a package when somebody downloads it, and has it from then on', async () => {
    await addMirror();
    const { archives } = await version('1.1.0');
    const bytes = await download(archives['linux_amd64']!.url);
    expect(bytes.equals(upstream.packageBytes(widget, '1.1.0', 'linux_amd64'))).toBe(true);
    await expect.poll(() => heldPackages(app, host)).toEqual([`acme/${widget.type} 1.1.0 linux_amd64`]);
    const now = (await version('1.1.0')).archives;
    expect(now['linux_amd64']!.hashes).toEqual([
      expect.stringMatching(/^h1:/),
      `zh:${digestOf('1.1.0', 'linux_amd64')}`,
    ]);
    expect(now['linux_amd64']!.url).toContain('/v1/files/');
    expect(now['darwin_arm64']!.hashes).toEqual([`zh:${digestOf('1.1.0', 'darwin_arm64')}`]);
    expect((await index()).json<Index>().versions).toEqual({ '1.0.0': {}, '1.1.0': {} });
    await download(now['linux_amd64']!.url);
    await download(archives['linux_amd64']!.url);
    expect(upstream.packagesFetched).toBe(1);
  });

  it('fetches once for five hundred who ask for the first time, in two processes', async () => {
    await addMirror();
    const other = await app.another();
    try {
      let go = (): void => undefined;
      const gate = new Promise<void>((resolve) => (go = resolve));
      let begun = 0;
      upstream.beforePackage = () => {
        begun += 1;
        return gate;
      };
      const asked = upstream.asked.length;
      const lists = await Promise.all(
        Array.from({ length: 100 }, (_, nr) => index(widget.type, nr % 2 === 0 ? app : other)),
      );
      expect(lists.every(({ status }) => status === 200)).toBe(true);
      const listings = upstream.asked.slice(asked).filter((path) => path.endsWith('/versions'));
      expect(listings).toHaveLength(1);
      const { url } = (await version('1.0.0')).archives['linux_amd64']!;
      const downloads = Array.from({ length: 500 }, (_, nr) => download(url, nr % 2 === 0 ? app : other));
      await expect.poll(() => begun, { timeout: 30_000 }).toBe(1);
      go();
      const wanted = upstream.packageBytes(widget, '1.0.0', 'linux_amd64');
      for (const bytes of await Promise.all(downloads)) expect(bytes.equals(wanted)).toBe(true);
      expect(upstream.packagesFetched).toBe(1);
    } finally {
      await other.stop();
    }
  });

  it('never hands out a package to its end that is not what was signed, and keeps nothing of it', async () => {
    await addMirror();
    const { url } = (await version('1.0.0')).archives['linux_amd64']!;
    const honest = upstream.packageBytes(widget, '1.0.0', 'linux_amd64');
    const wrong = Buffer.concat([honest, Buffer.alloc(300_000, 1)]);
    upstream.replaced.set(`terraform-provider-${widget.type}_1.0.0_linux_amd64.zip`, wrong);
    const answer = await app.request(pathOf(url)).catch((error: Error) => error);
    // Either nothing was sent yet, or the connection broke off.
    if (!(answer instanceof Error)) {
      expect(answer.status).not.toBe(200);
    }
    expect(await heldPackages(app, host)).toEqual([]);
    upstream.replaced.clear();
    expect((await download(url)).equals(honest)).toBe(true);
  });

  it('says 404 for what the upstream does not have, and asks it once', async () => {
    await addMirror();
    for (let time = 0; time < 5; time += 1) expect((await index('unknown')).status).toBe(404);
    expect(upstream.asked.filter((path) => path.includes('/unknown/'))).toHaveLength(1);
    expect((await app.request(`${base()}/9.9.9.json`)).status).toBe(404);
  });

  it('serves what is here when the upstream is gone, and says so for the rest', async () => {
    await addMirror();
    const { url } = (await version('1.0.0')).archives['linux_amd64']!;
    await download(url);
    await expect.poll(async () => (await heldPackages(app, host)).length).toBe(1);
    await upstream.stop();
    await app.query(`DELETE FROM upstream_answers`);
    await expect
      .poll(async () => (await index()).json<Index>(), { timeout: 10_000 })
      .toEqual({ versions: { '1.0.0': {} } });
    const { archives } = await version('1.0.0');
    expect(Object.keys(archives)).toEqual(['linux_amd64']);
    await download(archives['linux_amd64']!.url);
    const unknown = await index('other');
    expect(unknown.status).toBe(503);
    expect(unknown.headers['retry-after']).toBeDefined();
    expect(unknown.json<{ error: string }>().error).toContain('cannot be asked now');
  });

  it('fetches nothing that policies deny', async () => {
    await addMirror();
    expect((await index()).status).toBe(200);
    const { url } = (await version('1.0.0')).archives['linux_amd64']!;
    const [policy] = await app.query<{ id: string }>(
      `INSERT INTO mirror_policies (name, policy_type, priority, upstream_registry) VALUES ($1, 'deny', 20000, $2)
       RETURNING id`,
      [uniqueName('no'), upstream.authority],
    );
    await expect.poll(async () => (await index()).status, { timeout: 10_000 }).toBe(404);
    expect((await app.request(`${base()}/1.0.0.json`)).status).toBe(404);
    expect((await app.request(pathOf(url))).status).toBe(404);
    expect(upstream.packagesFetched).toBe(0);
    await app.query(`DELETE FROM mirror_policies WHERE id = $1`, [policy!.id]);
    await expect.poll(async () => (await index()).status, { timeout: 10_000 }).toBe(200);
  });

  it('asks for an approval where one is needed, and offers nothing until then', async () => {
    const id = await addMirror();
    await app.query(
      `INSERT INTO mirror_policies (name, policy_type, priority, upstream_registry, requires_approval)
       VALUES ($1, 'allow', 20000, $2, true)`,
      [uniqueName('ask'), upstream.authority],
    );
    expect((await index()).status).toBe(404);
    expect((await index()).status).toBe(404);
    const answer = await app.request('/api/v1/admin/approvals?status=pending', { key: admin });
    const pending = answer
      .json<{ id: string; mirror_config_id: string }[]>()
      .filter((one) => one.mirror_config_id === id);
    expect(pending).toHaveLength(1);
    const review = await app.request(`/api/v1/admin/approvals/${pending[0]!.id}/review`, {
      method: 'PUT',
      key: admin,
      json: { status: 'approved' },
    });
    expect(review.status).toBe(200);
    await expect.poll(async () => (await index()).status, { timeout: 10_000 }).toBe(200);
  });

  it('gives links that open one package only, and fetches nothing for a HEAD', async () => {
    await addMirror();
    const { url } = (await version('1.0.0')).archives['linux_amd64']!;
    const head = await app.request(pathOf(url), { method: 'HEAD' });
    expect(head.status).toBe(200);
    const others = [
      url.replace('linux_amd64', 'darwin_arm64'),
      url.replace('/1.0.0/', '/1.1.0/'),
      url.replace(/signature=[^&]+/, 'signature=AAAA'),
      url.slice(0, url.indexOf('?')),
    ];
    for (const other of others) expect((await app.request(pathOf(other))).status).toBe(403);
    expect(upstream.packagesFetched).toBe(0);
  });

  it('wants only what its filters want', async () => {
    await addMirror({ namespace_filter: ['other'], version_filter: '>= 1.1' });
    expect((await index()).status).toBe(404);
    expect(upstream.asked).toEqual([]);
  });

  it('offers versions and platforms as its filters say', async () => {
    await addMirror({ version_filter: '>= 1.1', platform_filter: ['linux/amd64'] });
    expect((await index()).json<Index>()).toEqual({ versions: { '1.1.0': {} } });
    expect(Object.keys((await version('1.1.0')).archives)).toEqual(['linux_amd64']);
    expect((await app.request(`${base()}/1.0.0.json`)).status).toBe(404);
  });

  it('stops to fetch when pull-through is switched off, and goes on to serve what is here', async () => {
    const id = await addMirror();
    await download((await version('1.0.0')).archives['linux_amd64']!.url);
    await expect.poll(async () => (await heldPackages(app, host)).length).toBe(1);
    const { status } = await app.request(`/api/v1/admin/mirrors/${id}`, {
      method: 'PUT',
      key: admin,
      json: { pull_through: false },
    });
    expect(status).toBe(200);
    await expect.poll(async () => (await index()).json<Index>()).toEqual({ versions: { '1.0.0': {} } });
  });
});

describe('Pull-through for an organization', () => {
  let tenants: TestApp;

  beforeAll(async () => {
    tenants = await TestApp.start({
      TFR_SECURITY_EGRESS_ALLOWLIST: UpstreamCatalogue.HOST,
      TFR_MULTI_TENANCY_ENABLED: 'true',
      TFR_AUTH_ANONYMOUS_READ: 'true',
    });
    await allowEverything(tenants);
  });
  afterAll(() => tenants?.stop());

  it('looks like nothing to everybody else, also for what was never asked for', async () => {
    const lab = await tenants.addOrganization(uniqueName('lab'), 'private');
    await addMirror({ organization_id: lab }, tenants);
    const read = (key?: string) => tenants.request(`${base()}/index.json`, key === undefined ? {} : { key });
    const stranger = await tenants.issueKey(
      'providers:read',
      await tenants.addOrganization(uniqueName('other')),
    );
    expect((await read()).status).toBe(404);
    expect((await read(stranger)).status).toBe(404);
    expect(upstream.asked).toEqual([]);
    expect((await read(await tenants.issueKey('providers:read', lab))).status).toBe(200);
    expect((await read()).status).toBe(404);
  });

  it('adds nothing to what is here for others', async () => {
    const everybody = await addMirror(
      { organization_id: null, pull_through: false, namespace_filter: ['acme'], version_filter: '1.0.0' },
      tenants,
    );
    const run = await tenants.request(`/api/v1/admin/mirrors/${everybody}/sync`, {
      method: 'POST',
      key: await tenants.issueKey('admin'),
      json: {},
    });
    expect([202, 409]).toContain(run.status);
    const read = () => tenants.request(`${base()}/index.json`);
    await expect.poll(async () => (await read()).status, { timeout: 20_000 }).toBe(200);
    const lab = await tenants.addOrganization(uniqueName('lab'), 'private');
    await addMirror({ organization_id: lab }, tenants);
    const asked = upstream.asked.length;
    const member = await tenants.issueKey('providers:read', lab);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const seen = await tenants.request(`${base()}/index.json`, { key: member });
    expect([(await read()).json(), seen.json()]).toEqual([
      { versions: { '1.0.0': {} } },
      { versions: { '1.0.0': {} } },
    ]);
    expect(upstream.asked.slice(asked).filter((path) => path.includes(widget.type))).toEqual([]);
  });

  it('is refused for an upstream from which others pull', async () => {
    await addMirror({ organization_id: await tenants.addOrganization(uniqueName('lab')) }, tenants);
    const second = await tenants.request('/api/v1/admin/mirrors', {
      method: 'POST',
      key: await tenants.issueKey('admin'),
      json: {
        name: uniqueName('pulling'),
        upstream_registry_url: upstream.origin,
        organization_id: '',
        pull_through: true,
      },
    });
    expect(second.status).toBe(409);
    expect(second.json<{ error: string }>().error).toContain('pull_through');
  });
});
