import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MirrorSyncs } from '../../../src/mirror/sync/mirror-syncs.service.js';
import { MirroredProviders } from '../../../src/providers/mirrored-providers.service.js';
import {
  UpstreamCatalogue,
  type CatalogueProvider,
} from '../../support/fakes/upstream/upstream-catalogue.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import {
  addMirror,
  allowEverything,
  heldPackages,
  type MirrorOptions,
  runSync,
} from '../../support/mirror-runs.js';
import { TestApp } from '../../support/test-app.js';

const PLATFORMS = ['linux_amd64', 'darwin_arm64'];

let app: TestApp;
let keys: UpstreamKeys;
let upstream: UpstreamCatalogue;
let widget: CatalogueProvider;

beforeAll(async () => {
  keys = await makeUpstreamKeys();
  app = await TestApp.start({
    TFR_SECURITY_EGRESS_ALLOWLIST: UpstreamCatalogue.HOST,
    TFR_MIRROR_HISTORY: '3',
    TFR_MIRROR_LIST_INTERVAL: '1h',
  });
  await allowEverything(app);
});
afterAll(() => app?.stop());

beforeEach(async () => {
  const versions = ['1.0.0', '1.1.0', '2.0.0-beta.1'];
  widget = { namespace: 'acme', type: 'widget', versions, platforms: PLATFORMS };
  upstream = await UpstreamCatalogue.start(keys.honest, [
    widget,
    { namespace: 'acme', type: 'gadget', versions: ['0.1.0'], platforms: ['linux_amd64'] },
  ]);
  return () => upstream.stop();
});

/** A mirror of the upstream that trusts its key. */
const mirrorOf = (options: Partial<MirrorOptions> = {}) =>
  addMirror(app, {
    upstream: upstream.origin,
    pinned: { namespace: 'acme', key: keys.honest },
    ...options,
  });
const widgets = async (): Promise<string[]> =>
  (await heldPackages(app, upstream.authority)).filter((one) => one.startsWith('acme/widget'));

describe('a run of a mirror', () => {
  it('fetches every wanted package, verifies it, and stores it', async () => {
    const sync = await runSync(app, await mirrorOf());
    expect(sync).toMatchObject({
      ...{ status: 'success', errorMessage: null, providersSynced: 2, providersFailed: 0 },
      ...{ providersPlanned: 2, packagesPlanned: 5, packagesDone: 5 },
    });
    expect(sync.details).toMatchObject({ failures: [], warnings: [], packagesStored: 5 });
    expect(sync.details.bytesStored).toBe(sync.bytesDone);
    expect(sync.details.leftOutCount).toEqual({ 'version-filter': 1 });
    expect(await heldPackages(app, upstream.authority)).toEqual([
      'acme/gadget 0.1.0 linux_amd64',
      'acme/widget 1.0.0 darwin_arm64',
      'acme/widget 1.0.0 linux_amd64',
      'acme/widget 1.1.0 darwin_arm64',
      'acme/widget 1.1.0 linux_amd64',
    ]);
  });

  it('lists what it brought when it is through, however long lists may wait, and leaves no job for it', async () => {
    await runSync(app, await mirrorOf());
    const path = `/terraform/providers/${upstream.authority}/acme/widget/index.json`;
    const { versions } = (await app.request(path)).json<{ versions: object }>();
    expect(Object.keys(versions).sort()).toEqual(['1.0.0', '1.1.0']);
    const jobs = await app.query(`SELECT 1 FROM graphile_worker.jobs WHERE key LIKE '%' || $1 || '/acme/%'`, [
      upstream.authority,
    ]);
    expect(jobs).toEqual([]);
  });

  it('tells what became of each package', async () => {
    const mirror = await mirrorOf({ types: ['gadget'] });
    const sync = await runSync(app, mirror);
    const lines = await app.get(MirrorSyncs).lines(sync.id, { page: 1, perPage: 10 });
    expect(lines).toMatchObject({ total: 1, page: 1, perPage: 10 });
    expect(lines.items).toEqual([
      expect.objectContaining({
        ...{ namespace: 'acme', providerType: 'gadget', version: '0.1.0', platform: 'linux_amd64' },
        ...{ outcome: 'stored', bytes: sync.bytesDone, errorCode: null, message: null },
      }),
    ]);
  });

  it('serves what it stored with the checksums and the signature of the upstream', async () => {
    await runSync(app, await mirrorOf({ types: ['widget'] }));
    const [row] = await app.query<{ shasums: string; signedBy: string; key: string }>(
      `SELECT v.shasums, v.signed_by AS "signedBy", v.signing_key_fingerprint AS key FROM provider_versions v
       JOIN registry_providers p ON p.id = v.provider_id WHERE p.upstream_host = $1 AND v.version = '1.1.0'`,
      [upstream.authority],
    );
    expect(row).toMatchObject({ signedBy: 'publisher', key: keys.honest.fingerprint });
    expect(row!.shasums.split('\n').filter(Boolean)).toHaveLength(2);
  });

  it('asks only for what may have changed when it runs again', async () => {
    const mirror = await mirrorOf();
    await runSync(app, mirror);
    const fetchedBefore = upstream.packagesFetched;
    upstream.asked.length = 0;
    const again = await runSync(app, mirror);
    expect(again).toMatchObject({ status: 'success', packagesDone: 0, providersSynced: 2 });
    expect(upstream.packagesFetched).toBe(fetchedBefore);
    expect(upstream.asked).toEqual([
      '/.well-known/terraform.json',
      '/v1/providers/acme',
      '/v1/providers/acme/gadget/versions',
      '/v1/providers/acme/widget/versions',
    ]);
  });

  it('fetches a new version alone', async () => {
    const mirror = await mirrorOf({ types: ['widget'] });
    await runSync(app, mirror);
    widget.versions.push('1.2.0');
    const again = await runSync(app, mirror);
    expect(again).toMatchObject({ status: 'success', packagesDone: 2 });
    expect([...upstream.fetched.values()]).toEqual(Array.from({ length: 6 }, () => 1));
  });

  it('reads an unchanged list again when its filters changed', async () => {
    const mirror = await mirrorOf({ types: ['widget'], platforms: ['linux/amd64'] });
    await runSync(app, mirror);
    await app.query(`UPDATE mirrors SET platform_filter = '{}' WHERE id = $1`, [mirror.id]);
    expect(await runSync(app, mirror)).toMatchObject({ status: 'success', packagesDone: 2 });
    expect(await widgets()).toHaveLength(4);
  });

  it('reads an unchanged list again when packages are missing', async () => {
    const mirror = await mirrorOf({ types: ['widget'] });
    await runSync(app, mirror);
    const address = { host: upstream.authority, namespace: 'acme', type: 'widget' };
    await app.get(MirroredProviders).deleteVersions(address, ['1.0.0']);
    expect(await widgets()).toHaveLength(2);
    expect(await runSync(app, mirror)).toMatchObject({ status: 'success', packagesDone: 2 });
    expect(await widgets()).toHaveLength(4);
  });

  it('does not fetch again what retention took away', async () => {
    const mirror = await mirrorOf({ types: ['widget'] });
    await runSync(app, mirror);
    await app.query(`UPDATE mirrors SET keep_versions = 1 WHERE id = $1`, [mirror.id]);
    const address = { host: upstream.authority, namespace: 'acme', type: 'widget' };
    await app.get(MirroredProviders).deleteVersions(address, ['1.0.0']);
    const sync = await runSync(app, mirror);
    expect(sync).toMatchObject({ status: 'success', packagesDone: 0 });
    expect(sync.details.leftOutCount).toMatchObject({ 'removed-here': 1 });
  });

  it('is restricted to the namespace and provider that were asked for', async () => {
    const sync = await runSync(app, await mirrorOf(), { namespace: 'acme', providerType: 'gadget' });
    expect(sync).toMatchObject({ status: 'success', providersPlanned: 1, packagesDone: 1 });
    expect(await widgets()).toEqual([]);
  });

  it('wants pre-releases when the mirror does', async () => {
    const mirror = await mirrorOf({ types: ['widget'], versionFilter: 'latest:1' });
    await app.query('UPDATE mirrors SET with_prereleases = true WHERE id = $1', [mirror.id]);
    await runSync(app, mirror);
    expect(await widgets()).toEqual(PLATFORMS.toSorted().map((one) => `acme/widget 2.0.0-beta.1 ${one}`));
  });

  it('keeps as many ended runs as are configured', async () => {
    const mirror = await mirrorOf({ types: ['gadget'] });
    const ids: string[] = [];
    for (let run = 0; run < 5; run += 1) ids.push((await runSync(app, mirror)).id);
    const kept = await app.get(MirrorSyncs).recent(mirror.id, 10);
    expect(kept.map(({ id }) => id)).toEqual(ids.slice(-3).reverse());
  });

  it('says in the mirror how it ended and when the next one is due', async () => {
    const mirror = await mirrorOf({ types: ['gadget'] });
    await runSync(app, mirror);
    const [row] = await app.query<Record<string, unknown>>(
      `SELECT last_sync_status AS status, last_success_at IS NOT NULL AS succeeded,
         next_sync_at > now() + interval '23 hours' AS later FROM mirrors WHERE id = $1`,
      [mirror.id],
    );
    expect(row).toEqual({ status: 'success', succeeded: true, later: true });
  });
});

describe('what a mirror may fetch', () => {
  it('is asked for with a request when it needs an approval, and nothing of it is looked at', async () => {
    await app.query(`UPDATE mirror_policies SET requires_approval = true WHERE name = 'test-allow-all'`);
    try {
      const mirror = await mirrorOf({ types: ['gadget'] });
      const sync = await runSync(app, mirror);
      expect(sync).toMatchObject({ status: 'success', packagesDone: 0 });
      expect(sync.details.leftOut).toMatchObject([{ about: 'acme/gadget', reason: 'needs-approval' }]);
      expect(upstream.asked).toEqual(['/.well-known/terraform.json']);
      const requests = await app.query(
        `SELECT namespace, provider_type, status, reason FROM mirror_approvals WHERE mirror_id = $1`,
        [mirror.id],
      );
      expect(requests).toEqual([
        { namespace: 'acme', provider_type: 'gadget', status: 'pending', reason: 'Requested by sync' },
      ]);
    } finally {
      await app.query(`UPDATE mirror_policies SET requires_approval = false WHERE name = 'test-allow-all'`);
    }
  });

  it('waits until a version was seen long enough', async () => {
    const mirror = await mirrorOf({ types: ['gadget'], coolDownDays: 7 });
    const first = await runSync(app, mirror);
    expect(first.details.leftOutCount).toEqual({ 'cooling-down': 1 });
    expect(upstream.packagesFetched).toBe(0);
    await app.query(
      `UPDATE mirrored_versions SET first_seen_at = now() - interval '8 days' WHERE mirrored_provider_id IN
         (SELECT id FROM mirrored_providers WHERE mirror_id = $1)`,
      [mirror.id],
    );
    expect(await runSync(app, mirror)).toMatchObject({ status: 'success', packagesDone: 1 });
  });

  it('is never a provider that was published here by hand', async () => {
    const provider = { namespace: 'acme', type: 'manual', versions: ['1.0.0'], platforms: ['linux_amd64'] };
    upstream.providers.push(provider);
    const published = await app.publishProvider({
      ...{ namespace: 'acme', type: 'manual', version: '0.9.0', os: 'linux', arch: 'amd64' },
      file: upstream.packageBytes(provider, '0.9.0', 'linux_amd64'),
    });
    expect(published.status).toBe(201);
    const sync = await runSync(app, await mirrorOf({ types: ['manual'] }));
    expect(sync.details.leftOut).toMatchObject([{ about: 'acme/manual', reason: 'published-here' }]);
    expect(upstream.packagesFetched).toBe(0);
  });
});
