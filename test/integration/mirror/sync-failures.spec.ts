import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Mirror } from '../../../src/mirror/domain/mirror.js';
import { FetchLimits } from '../../../src/mirror/fetching/fetch-limits.js';
import { MirrorSyncs } from '../../../src/mirror/sync/mirror-syncs.service.js';
import { packageName } from '../../support/build-fixtures.js';
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

const LINUX_1_1 = packageName('widget', '1.1.0', 'linux_amd64');

let app: TestApp;
let keys: UpstreamKeys;
let upstream: UpstreamCatalogue;
let widget: CatalogueProvider;

beforeAll(async () => {
  keys = await makeUpstreamKeys();
  app = await TestApp.start({ TFR_SECURITY_EGRESS_ALLOWLIST: UpstreamCatalogue.HOST });
  Object.assign(app.get(FetchLimits), { retryPauseMs: 1 });
  await allowEverything(app);
});
afterAll(() => app?.stop());

beforeEach(async () => {
  const platforms = ['linux_amd64', 'darwin_arm64'];
  widget = { namespace: 'acme', type: 'widget', versions: ['1.0.0', '1.1.0', '1.2.0'], platforms };
  upstream = await UpstreamCatalogue.start(keys.honest, [widget]);
  return () => upstream.stop();
});

const mirrorOf = (options: Partial<MirrorOptions> = {}) =>
  addMirror(app, {
    upstream: upstream.origin,
    pinned: { namespace: 'acme', key: keys.honest },
    ...options,
  });
const heldVersions = async (): Promise<string[]> => {
  const held = await heldPackages(app, upstream.authority);
  return [...new Set(held.map((one) => one.split(' ')[1]!))];
};
const linesOf = async (syncId: string) =>
  (await app.get(MirrorSyncs).lines(syncId, { page: 1, perPage: 100 })).items.map(
    ({ version, platform, outcome, errorCode }) =>
      [version, platform, outcome, errorCode].filter(Boolean).join(' '),
  );
/** Alerts in the audit log of a mirror. */
const alertsOf = async ({ id }: Mirror): Promise<string[]> => {
  const rows = await app.query<{ alert: string }>(
    `SELECT metadata->>'alert' AS alert FROM audit_entries WHERE resource_id = $1 AND action = 'mirror.alert'
     ORDER BY created_at`,
    [id],
  );
  return rows.map(({ alert }) => alert);
};

describe('one bad package', () => {
  it('is a line of the report, and the other versions are stored', async () => {
    upstream.replaced.set(LINUX_1_1, Buffer.from('something else'));
    const mirror = await mirrorOf();
    const sync = await runSync(app, mirror);
    expect(sync).toMatchObject({ status: 'failed', providersSynced: 0, providersFailed: 1, packagesDone: 6 });
    expect(sync.errorMessage).toContain('acme/widget 1.1.0: ');
    expect(sync.details.failures).toMatchObject([
      { about: 'acme/widget 1.1.0', code: 'package_digest_mismatch', fault: 'upstream' },
    ]);
    expect(await heldVersions()).toEqual(['1.0.0', '1.2.0']);
    expect((await linesOf(sync.id)).toSorted()).toEqual([
      '1.0.0 darwin_arm64 stored',
      '1.0.0 linux_amd64 stored',
      '1.1.0 darwin_arm64 failed package_digest_mismatch',
      '1.1.0 linux_amd64 failed package_digest_mismatch',
      '1.2.0 darwin_arm64 stored',
      '1.2.0 linux_amd64 stored',
    ]);
    expect(await alertsOf(mirror)).toEqual(['package_digest_mismatch']);
  });

  it('is fetched again by the next run, when it is honest', async () => {
    upstream.replaced.set(LINUX_1_1, Buffer.from('something else'));
    const mirror = await mirrorOf();
    await runSync(app, mirror);
    upstream.replaced.clear();
    expect(await runSync(app, mirror)).toMatchObject({ status: 'success', packagesDone: 2 });
    expect(await heldVersions()).toEqual(['1.0.0', '1.1.0', '1.2.0']);
  });

  it('that is missing leaves the other platforms of its version', async () => {
    upstream.missing.add(LINUX_1_1);
    const mirror = await mirrorOf();
    const sync = await runSync(app, mirror);
    expect(sync).toMatchObject({ status: 'failed', packagesDone: 6 });
    expect(sync.details.failures).toMatchObject([
      { about: 'acme/widget 1.1.0 linux/amd64', code: 'upstream_not_found' },
    ]);
    const held = await heldPackages(app, upstream.authority);
    expect(held).toContain('acme/widget 1.1.0 darwin_arm64');
    expect(held).toHaveLength(5);
    expect(await alertsOf(mirror)).toEqual(['upstream_not_found']);
  });

  it('keeps a run from being successful also after it went on', async () => {
    upstream.missing.add(LINUX_1_1);
    const mirror = await mirrorOf();
    await runSync(app, mirror);
    expect(await runSync(app, mirror)).toMatchObject({ status: 'failed', packagesDone: 1 });
  });
});

describe('what an upstream takes back or changes', () => {
  it('is a warning when versions vanish, and what is here stays', async () => {
    const mirror = await mirrorOf();
    await runSync(app, mirror);
    widget.versions.shift();
    const sync = await runSync(app, mirror);
    expect(sync.status).toBe('success');
    expect(sync.details.warnings).toEqual([
      'acme/widget: the upstream no longer lists 1.0.0; what is here is kept',
    ]);
    expect(await heldVersions()).toEqual(['1.0.0', '1.1.0', '1.2.0']);
    expect(await alertsOf(mirror)).toEqual(['version_vanished']);
  });

  it('is a warning when its list is rolled back', async () => {
    const mirror = await mirrorOf();
    await runSync(app, mirror);
    widget.versions.pop();
    const sync = await runSync(app, mirror);
    expect(sync.details.warnings).toContain(
      'acme/widget: the upstream lists 1.1.0 as its newest version, after it had 1.2.0; what is here is kept',
    );
    expect(await heldVersions()).toContain('1.2.0');
    expect(await alertsOf(mirror)).toContain('upstream_rolled_back');
  });

  it('is refused when a version has other bytes, and what is here stays', async () => {
    const mirror = await mirrorOf({ platforms: ['linux/amd64'], versionFilter: '1.1.0' });
    await runSync(app, mirror);
    const [before] = await app.query<{ digest: string }>(DIGESTS, [upstream.authority]);
    upstream.releaseAgain(widget, '1.1.0');
    await app.query(`UPDATE mirrors SET platform_filter = '{}' WHERE id = $1`, [mirror.id]);
    const sync = await runSync(app, mirror);
    expect(sync.status).toBe('failed');
    expect(sync.details.failures).toMatchObject([{ code: 'release_mutated' }]);
    expect(await app.query(DIGESTS, [upstream.authority])).toEqual([before]);
    expect(await alertsOf(mirror)).toEqual(['release_mutated']);
  });

  it('is held back when another key signs, which is remembered', async () => {
    const mirror = await mirrorOf();
    widget.signer = keys.stranger;
    const sync = await runSync(app, mirror);
    expect(sync.status).toBe('failed');
    expect(await heldVersions()).toEqual([]);
    expect(sync.details.failures[0]).toMatchObject({ code: 'release_key_not_trusted' });
    const seen = await app.query(
      `SELECT fingerprint, state FROM mirror_keys WHERE mirror_id = $1 AND state <> 'pinned'`,
      [mirror.id],
    );
    expect(seen).toEqual([{ fingerprint: keys.stranger.fingerprint, state: 'seen' }]);
  });
});

const DIGESTS = `SELECT k.digest FROM provider_packages k JOIN provider_versions v ON v.id = k.version_id
  JOIN registry_providers p ON p.id = v.provider_id WHERE p.upstream_host = $1`;

describe('an upstream that does not answer', () => {
  it('fails the run with a sentence, and what is here stays', async () => {
    const mirror = await mirrorOf();
    await runSync(app, mirror);
    const { authority } = upstream;
    await upstream.stop();
    const sync = await runSync(app, mirror);
    expect(sync).toMatchObject({ status: 'failed', providersSynced: 0 });
    expect(sync.details.failures).toMatchObject([
      { about: authority, code: 'upstream_unreachable', isTransient: true },
    ]);
    expect(await heldPackages(app, authority)).toHaveLength(6);
  });

  it('is not asked for package after package', async () => {
    widget.versions.push(...Array.from({ length: 60 }, (_, at) => `2.0.${at}`));
    upstream.beforePackage = () => Promise.reject(new Error('the connection breaks'));
    const sync = await runSync(app, await mirrorOf({ platforms: ['linux/amd64'] }));
    expect(sync.status).toBe('failed');
    expect(sync.details.failures.at(-1)).toMatchObject({ code: 'sync_given_up' });
    expect(upstream.fetched.size).toBeLessThan(40);
  });
});

describe('the metrics of mirrors', () => {
  it('count runs, errors, packages, bytes, alerts, and the time since a success', async () => {
    const mirror = await mirrorOf();
    const labels = { mirror_id: mirror.id, mirror_type: 'provider' };
    const read = async () => ({
      runs: await app.metric('mirror_sync_duration_seconds_count', labels),
      errors: await app.metric('mirror_sync_errors_total', { mirror_id: mirror.id }),
      packages: await app.metric('mirror_packages_stored_total', labels),
      bytes: await app.metric('mirror_bytes_stored_total', labels),
      alerts: await app.metric('mirror_alerts_total', { kind: 'package_digest_mismatch' }),
    });
    const before = await read();
    expect(before).toMatchObject({ runs: 0, errors: 0, packages: 0, bytes: 0 });
    upstream.replaced.set(LINUX_1_1, Buffer.from('something else'));
    const failed = await runSync(app, mirror);
    expect(await read()).toEqual({
      ...{ runs: 1, errors: 1, packages: 4, bytes: failed.bytesDone, alerts: before.alerts + 1 },
    });
    expect(await app.metric('mirror_last_success_age_seconds', { mirror_id: mirror.id })).toBe(0);
    upstream.replaced.clear();
    await runSync(app, mirror);
    expect(await read()).toMatchObject({ runs: 2, errors: 1, packages: 6 });
    await app.query(`UPDATE mirrors SET last_success_at = now() - interval '1 hour' WHERE id = $1`, [
      mirror.id,
    ]);
    const age = await app.metric('mirror_last_success_age_seconds', { mirror_id: mirror.id });
    expect(Math.round(age / 60)).toBe(60);
  });
});
