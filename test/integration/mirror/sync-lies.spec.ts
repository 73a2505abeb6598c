import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FetchLimits } from '../../../src/mirror/fetching/fetch-limits.js';
import { MirrorSyncRunner } from '../../../src/mirror/sync/mirror-sync-runner.service.js';
import { digestOf, FakeUpstream } from '../../support/fakes/upstream/fake-upstream.js';
import { ALL_LIES, LIE_PROFILES, type LieName } from '../../support/fakes/upstream/lie-profiles.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import {
  NAMESPACE,
  packageBytes,
  PLATFORMS,
  TYPE,
  VERSION,
} from '../../support/fakes/upstream/upstream-release.js';
import { addIdleSync, addMirror, allowEverything, syncOf } from '../../support/mirror-runs.js';
import { TestApp } from '../../support/test-app.js';

/** Two lies of each profile, or all of them; `lying-upstream.spec.ts` fetches with each. */
const OF_EACH_PROFILE = process.env['LIE_SCHEDULES'] ? Infinity : 2;
const LIES = Object.values(LIE_PROFILES).flatMap((lies) => lies.slice(0, OF_EACH_PROFILE));
const TOLD = new Set<LieName>(LIES);

/** What an upstream may do: the honest bytes come out, and the run is successful. */
const HARMLESS: readonly LieName[] = [
  'discovery leads to another origin',
  'discovery is redirected to another origin',
  'the list is redirected to another origin',
  'the list has hostile strings',
  'no key can be read',
  'the package breaks off once',
  'the package breaks off once and knows no ranges',
  'the rest of the package is of another file',
  'the rest of the package begins elsewhere',
  'the rest of the package cannot be had',
  'the package is redirected to another origin',
];
/** The list is honest about it: there is nothing to fetch. */
const NOTHING_WANTED: readonly LieName[] = [
  'the list lost its newest version',
  'the list is empty',
  'the version was removed',
];
/** Correctly signed by the key that counts: only who has the version already can tell. */
const UNDETECTABLE: readonly LieName[] = ['the bytes changed, signed anew'];

const LIMITS = { retryPauseMs: 1, maxPackageBytes: 4 * 1024 * 1024 };
const LIMITS_OF: Record<string, Partial<FetchLimits>> = {
  'the list is slow': { metadataTimeoutMs: 300 },
  'the package is slow': { paceWindowMs: 200, minBytesPerWindow: 64 },
};

let app: TestApp;
let keys: UpstreamKeys;

beforeAll(async () => {
  keys = await makeUpstreamKeys();
  app = await TestApp.start({
    TFR_SECURITY_EGRESS_ALLOWLIST: FakeUpstream.HOSTS.join(','),
    TFR_AUTH_ANONYMOUS_READ: 'true',
  });
  await allowEverything(app);
});
afterAll(() => app?.stop());

/** One whole run against an upstream that lies so. */
async function runAgainst(lie: LieName) {
  Object.assign(app.get(FetchLimits), new FetchLimits({ ...LIMITS, ...LIMITS_OF[lie] }));
  const upstream = await FakeUpstream.start(keys, ALL_LIES[lie]);
  try {
    const pinned = { namespace: NAMESPACE, key: keys.honest };
    const options = { upstream: upstream.origin, types: [TYPE], versionFilter: VERSION, pinned };
    const mirror = await addMirror(app, options);
    const payload = await addIdleSync(app, mirror);
    expect(await app.get(MirrorSyncRunner).run(payload, new AbortController().signal)).toBe('ended');
    return { sync: await syncOf(app, payload), host: mirror.upstreamHost, canaryHits: upstream.canaryHits };
  } finally {
    await upstream.stop();
  }
}

/** Digests of what is here of an upstream, by platform. */
async function storedOf(host: string): Promise<Record<string, string>> {
  const rows = await app.query<{ platform: string; digest: string }>(
    `SELECT k.os || '_' || k.arch AS platform, k.digest FROM provider_packages k
     JOIN provider_versions v ON v.id = k.version_id JOIN registry_providers p ON p.id = v.provider_id
     WHERE p.upstream_host = $1`,
    [host],
  );
  return Object.fromEntries(rows.map(({ platform, digest }) => [platform, digest]));
}

const honest = Object.fromEntries(
  PLATFORMS.map((platform) => [platform, digestOf(packageBytes(VERSION, platform))]),
);
const dangerous = LIES.filter((lie) => ![...HARMLESS, ...NOTHING_WANTED, ...UNDETECTABLE].includes(lie));

describe('a run against an upstream that lies', () => {
  it.each(dangerous)('fails and serves nothing that is not proved when %s', async (lie) => {
    const { sync, host, canaryHits } = await runAgainst(lie);
    const stored = await storedOf(host);
    expect(sync.status).toBe('failed');
    expect(sync.details.failures.length).toBeGreaterThan(0);
    expect(sync.details.failures.map(({ code }) => code)).not.toContain('internal_error');
    expect(honest).toMatchObject(stored);
    expect(Object.keys(stored).length).toBeLessThan(PLATFORMS.length);
    expect(canaryHits).toBe(0);
    const index = await app.request(`/terraform/providers/${host}/${NAMESPACE}/${TYPE}/index.json`);
    const offered = Object.keys(stored).length > 0 ? { [VERSION]: {} } : undefined;
    expect(index.status).toBe(offered ? 200 : 404);
  });

  it.each(HARMLESS.filter((lie) => TOLD.has(lie)))('stores the honest bytes although %s', async (lie) => {
    const { sync, host } = await runAgainst(lie);
    expect(sync.details.failures).toEqual([]);
    expect(sync.status).toBe('success');
    expect(await storedOf(host)).toEqual(honest);
  });

  it.each(NOTHING_WANTED.filter((lie) => TOLD.has(lie)))('has nothing to fetch when %s', async (lie) => {
    const { host } = await runAgainst(lie);
    expect(await storedOf(host)).toEqual({});
  });
});
