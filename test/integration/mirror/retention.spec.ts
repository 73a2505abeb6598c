import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { ApplyMirrorRetentionJob } from '../../../src/mirror/jobs/apply-mirror-retention.job.js';
import { MirrorRetention } from '../../../src/mirror/retention/mirror-retention.service.js';
import { Mirrors } from '../../../src/mirror/configuration/mirrors.service.js';
import { MirroredListingsRepository } from '../../../src/mirror/persistence/mirrored-listings.repository.js';
import { MirroredProviders } from '../../../src/providers/mirrored-providers.service.js';
import { DownloadCounter } from '../../../src/usage/download-counter.service.js';
import type { Answer } from '../../support/http-request.js';
import { mirrorPath, mirrorRelease, UPSTREAM_HOST } from '../../support/mirrored-release.js';
import { TestApp } from '../../support/test-app.js';

interface Space {
  readonly providers: readonly {
    readonly namespace: string;
    readonly provider_name: string;
    readonly packages: number;
    readonly bytes: number;
    readonly versions: readonly Record<string, unknown>[];
  }[];
  readonly total_packages: number;
  readonly total_bytes: number;
  readonly freeable_objects: number;
  readonly freeable_bytes: number;
}

let app: TestApp;
let admin: string;
let serial = 0;
beforeAll(async () => {
  app = await TestApp.start();
  admin = await app.issueKey('admin');
});
afterAll(() => app.stop());

describe('a run of retention', () => {
  it('removes what a mirror does not keep, and leaves the objects to the sweep', async () => {
    const { type, mirrorId } = await brought(['1.0.0', '1.1.0', '2.0.0'], { keep_versions: 2 });
    expect((await space(mirrorId)).freeable_objects).toBe(1);
    expect(await retain()).toMatchObject({ providers: 1, versions: 1 });
    expect(await versions(type)).toEqual(['1.1.0', '2.0.0']);
    expect((await index(type)).json<{ versions: object }>().versions).toEqual({ '1.1.0': {}, '2.0.0': {} });
    const [{ count }] = await query(
      `SELECT count(*)::int FROM artifacts WHERE key LIKE '%terraform-provider-${type}_1.0.0_linux_amd64.zip'`,
    );
    expect(count).toBe(1);
    expect(await retain()).toMatchObject({ providers: 0, versions: 0, bytes: 0 });
  });

  it('is a job', async () => {
    const { type } = await brought(['1.0.0', '1.1.0'], { keep_versions: 1 });
    await app.get(ApplyMirrorRetentionJob).run({}, new AbortController().signal);
    expect(await versions(type)).toEqual(['1.1.0']);
  });

  it('stops before the next provider when the process is to end', async () => {
    const { type } = await brought(['1.0.0', '1.1.0'], { keep_versions: 1 });
    expect(await app.get(MirrorRetention).run(AbortSignal.abort())).toMatchObject({ versions: 0 });
    expect(await versions(type)).toEqual(['1.0.0', '1.1.0']);
    await retain();
  });

  it('removes nothing for a mirror without rules', async () => {
    const { type, mirrorId } = await brought(['1.0.0', '1.1.0'], {});
    await retain();
    expect(await versions(type)).toEqual(['1.0.0', '1.1.0']);
    expect((await space(mirrorId)).freeable_bytes).toBe(0);
  });

  it('keeps what was downloaded or came here in the last days', async () => {
    const { type } = await brought(['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0'], { keep_used_days: 10 });
    await age(type, ['1.0.0', '1.1.0', '1.2.0', '1.3.0'], 40);
    await downloaded(type, '1.1.0', 9);
    await downloaded(type, '1.2.0', 10);
    expect(await retain()).toMatchObject({ versions: 3 });
    expect(await versions(type)).toEqual(['1.1.0', '1.4.0']);
  });

  it('sees downloads that this process has counted a moment ago', async () => {
    const { type } = await brought(['1.0.0', '1.1.0'], { keep_used_days: 1 });
    await age(type, ['1.0.0', '1.1.0'], 40);
    const address = { host: UPSTREAM_HOST, namespace: 'hashicorp', type };
    const held = await app.get(MirroredProviders).held(address);
    app.get(DownloadCounter).count(held.find(({ version }) => version === '1.0.0')!.id);
    await retain();
    expect(await versions(type)).toEqual(['1.0.0']);
  });

  it('never removes the only version', async () => {
    const { type } = await brought(['1.0.0'], { keep_used_days: 1 });
    await age(type, ['1.0.0'], 100);
    await retain();
    expect(await versions(type)).toEqual(['1.0.0']);
  });

  it('never removes what is pinned, until it is unpinned', async () => {
    const { type, mirrorId } = await brought(['1.0.0', '1.1.0'], { keep_versions: 1 });
    expect((await pin(mirrorId, type, '1.0.0')).status).toBe(200);
    expect((await space(mirrorId)).providers[0]!.versions).toMatchObject([
      { version: '1.1.0', pinned: false, retention: 'newest' },
      { version: '1.0.0', pinned: true, retention: 'pinned', would_be_removed: false },
    ]);
    await retain();
    expect(await versions(type)).toEqual(['1.0.0', '1.1.0']);
    expect((await pin(mirrorId, type, '1.0.0', 'unpin')).status).toBe(200);
    await retain();
    expect(await versions(type)).toEqual(['1.1.0']);
  });

  it('never removes what is quarantined', async () => {
    const { type } = await brought(['1.0.0', '1.1.0'], { keep_versions: 1 });
    await query(
      `UPDATE provider_versions v SET state = 'quarantined', quarantined_at = now(), state_reason = 'odd'
       FROM registry_providers p WHERE p.id = v.provider_id AND p.type = $1 AND v.version = '1.0.0'`,
      [type],
    );
    await retain();
    expect(await versions(type)).toEqual(['1.0.0', '1.1.0']);
  });

  it('removes only what every mirror of the provider lets go', async () => {
    const { type } = await brought(['1.0.0', '1.1.0', '1.2.0'], { keep_versions: 1 });
    const other = await addMirror({ keep_versions: 2 });
    await know(other, type, ['1.0.0', '1.1.0', '1.2.0']);
    await retain();
    expect(await versions(type)).toEqual(['1.1.0', '1.2.0']);
  });

  it('is recorded once for each provider, with its versions', async () => {
    const { type, mirrorId } = await brought(['1.0.0', '1.1.0', '1.2.0'], { keep_versions: 1 });
    await retain();
    const rows = await query(
      `SELECT resource_id, metadata FROM audit_entries WHERE action = 'mirror.retention_applied' AND resource_id = $1`,
      [mirrorId],
    );
    expect(rows).toMatchObject([
      { metadata: { provider: `${UPSTREAM_HOST}/hashicorp/${type}`, versions: ['1.1.0', '1.0.0'] } },
    ]);
  });

  it('goes on with the next provider when one fails', async () => {
    const broken = await brought(['1.0.0', '1.1.0'], { keep_versions: 1 });
    const whole = await brought(['1.0.0', '1.1.0'], { keep_versions: 1 });
    const providers = app.get(MirroredProviders);
    const honest = providers.deleteVersions.bind(providers);
    providers.deleteVersions = (address, texts) =>
      address.type === broken.type ? Promise.reject(new Error('made to fail')) : honest(address, texts);
    try {
      await expect(retain()).rejects.toThrow('made to fail');
    } finally {
      providers.deleteVersions = honest;
    }
    expect(await versions(broken.type)).toEqual(['1.0.0', '1.1.0']);
    expect(await versions(whole.type)).toEqual(['1.1.0']);
    await retain();
  });
});

describe('the space report', () => {
  it('counts packages and bytes by version, newest first, and shared objects once in the total', async () => {
    const { type, mirrorId } = await brought(['1.0.0', '1.10.0', '1.9.0'], { keep_versions: 1 });
    const report = await space(mirrorId);
    const [provider] = report.providers;
    expect(provider).toMatchObject({ namespace: 'hashicorp', provider_name: type, packages: 3 });
    expect(provider!.versions.map(({ version }) => version)).toEqual(['1.10.0', '1.9.0', '1.0.0']);
    expect(provider!.versions.map(({ would_be_removed }) => would_be_removed)).toEqual([false, true, true]);
    expect(report.total_packages).toBe(3);
    expect(report.total_bytes).toBe(provider!.bytes);
    expect(report.freeable_objects).toBe(2);

    await query(
      `UPDATE provider_packages k SET artifact_id = one.artifact_id
       FROM provider_versions v JOIN registry_providers p ON p.id = v.provider_id,
         (SELECT k2.artifact_id FROM provider_packages k2 JOIN provider_versions v2 ON v2.id = k2.version_id
          JOIN registry_providers p2 ON p2.id = v2.provider_id WHERE p2.type = $1 AND v2.version = '1.10.0') one
       WHERE k.version_id = v.id AND p.type = $1 AND v.version = '1.9.0'`,
      [type],
    );
    const shared = await space(mirrorId);
    expect(shared.total_bytes).toBeLessThan(report.total_bytes);
    expect(shared.freeable_objects).toBe(1);
    await retain();
    expect((await space(mirrorId)).freeable_bytes).toBe(0);
  });

  it('is empty for a mirror that has nothing', async () => {
    const report = await space(await addMirror({}));
    expect(report).toEqual({
      ...{ providers: [], total_packages: 0, total_bytes: 0, freeable_objects: 0, freeable_bytes: 0 },
    });
  });
});

describe('pinning', () => {
  it('knows only versions that the mirror knows', async () => {
    const { type, mirrorId } = await brought(['1.0.0'], {});
    expect((await pin(mirrorId, type, '9.9.9')).status).toBe(404);
    expect((await pin(mirrorId, type, 'no version')).status).toBe(404);
    expect((await pin(mirrorId, 'nothing', '1.0.0')).status).toBe(404);
    expect((await pin(crypto.randomUUID(), type, '1.0.0')).status).toBe(404);
    expect((await pin('no-id', type, '1.0.0')).status).toBe(400);
    expect((await pin(mirrorId, 'No Type', '1.0.0')).status).toBe(400);
  });

  it('is recorded when it changes something, and twice is once', async () => {
    const { type, mirrorId } = await brought(['1.0.0'], {});
    expect((await pin(mirrorId, type, '1.0.0')).status).toBe(200);
    expect((await pin(mirrorId, type, '1.0.0')).status).toBe(200);
    const rows = await query(
      `SELECT metadata FROM audit_entries WHERE resource_id = $1 AND action LIKE 'PUT %pin'`,
      [mirrorId],
    );
    expect(rows).toMatchObject([
      { metadata: { version: '1.0.0', before: { is_pinned: false }, after: { is_pinned: true } } },
    ]);
  });

  it('makes the next run look at the list of the upstream once more', async () => {
    const { type, mirrorId } = await brought(['1.0.0'], {});
    await query(`UPDATE mirrored_providers SET listing_etag = 'known' WHERE mirror_id = $1`, [mirrorId]);
    await pin(mirrorId, type, '1.0.0');
    expect(
      await query('SELECT listing_etag FROM mirrored_providers WHERE mirror_id = $1', [mirrorId]),
    ).toEqual([{ listing_etag: null }]);
  });
});

/** A mirror with these rules, and a provider of its own that it brought in these versions. */
async function brought(texts: readonly string[], rules: object): Promise<{ type: string; mirrorId: string }> {
  const type = `kept-${(serial += 1)}`;
  const mirrorId = await addMirror(rules);
  for (const version of texts) await mirrorRelease(app, { type, version });
  await know(mirrorId, type, texts);
  return { type, mirrorId };
}

async function addMirror(rules: object): Promise<string> {
  const json = {
    name: `retention ${(serial += 1)}`,
    upstream_registry_url: 'https://registry.terraform.io',
    enabled: false,
    ...rules,
  };
  const answer = await app.request('/api/v1/admin/mirrors', { method: 'POST', key: admin, json });
  expect(answer.status, answer.body.toString()).toBe(201);
  return answer.json<{ id: string }>().id;
}

/** What a run of a mirror leaves behind of a provider. */
async function know(mirrorId: string, type: string, texts: readonly string[]): Promise<void> {
  const mirror = (await app.get(Mirrors).find(mirrorId))!;
  const listings = app.get(MirroredListingsRepository);
  const id = await listings.ensure(mirror, { namespace: 'hashicorp', type });
  await listings.see(id, texts);
  await listings.link(id);
}

function retain() {
  return app.get(MirrorRetention).run();
}

async function versions(type: string): Promise<string[]> {
  const held = await app.get(MirroredProviders).held({ host: UPSTREAM_HOST, namespace: 'hashicorp', type });
  return held.map(({ version }) => version).sort();
}

function index(type: string): Promise<Answer> {
  return app.request(`${mirrorPath({ type })}/index.json`, { key: admin });
}

async function space(mirrorId: string): Promise<Space> {
  const answer = await app.request(`/api/v1/admin/mirrors/${mirrorId}/space`, { key: admin });
  expect(answer.status, answer.body.toString()).toBe(200);
  return answer.json<Space & Record<string, unknown>>();
}

function pin(mirrorId: string, type: string, version: string, action = 'pin'): Promise<Answer> {
  const json = { namespace: 'hashicorp', provider_name: type, version };
  return app.request(`/api/v1/admin/mirrors/${mirrorId}/versions/${action}`, {
    method: 'PUT',
    key: admin,
    json,
  });
}

async function age(type: string, texts: readonly string[], days: number): Promise<void> {
  await query(
    `WITH aged AS (
       UPDATE provider_versions v SET published_at = now() - make_interval(days => $3)
       FROM registry_providers p WHERE p.id = v.provider_id AND p.type = $1 AND v.version = ANY($2::text[])
       RETURNING v.id
     ) UPDATE provider_packages SET created_at = now() - make_interval(days => $3) WHERE version_id IN (SELECT id FROM aged)`,
    [type, texts, days],
  );
}

async function downloaded(type: string, version: string, daysAgo: number): Promise<void> {
  await query(
    `INSERT INTO download_counts_daily (target_id, day, downloads)
     SELECT k.id, (now() AT TIME ZONE 'UTC')::date - $3::int, 1 FROM provider_packages k
     JOIN provider_versions v ON v.id = k.version_id JOIN registry_providers p ON p.id = v.provider_id
     WHERE p.type = $1 AND v.version = $2`,
    [type, version, daysAgo],
  );
}

function query<Row = Record<string, unknown>>(
  text: string,
  values: unknown[] = [],
): Promise<[Row, ...Row[]]> {
  return app.get(DataSource).query(text, values);
}
