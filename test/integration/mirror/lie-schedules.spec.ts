import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncJobPayload } from '../../../src/mirror/domain/mirror-sync.js';
import type { Mirror } from '../../../src/mirror/domain/mirror.js';
import { Mirrors } from '../../../src/mirror/configuration/mirrors.service.js';
import { FetchLimits } from '../../../src/mirror/fetching/fetch-limits.js';
import { MirrorSyncRunner } from '../../../src/mirror/sync/mirror-sync-runner.service.js';
import { MirrorSyncs } from '../../../src/mirror/sync/mirror-syncs.service.js';
import { uniqueName } from '../../support/factories/names.js';
import { digestOf, FakeUpstream, type Telling } from '../../support/fakes/upstream/fake-upstream.js';
import { ALL_LIES, LIE_PROFILES, type LieName } from '../../support/fakes/upstream/lie-profiles.js';
import {
  describeSchedule,
  isLiedTo,
  lieSchedule,
  type LieSchedule,
  type MirrorStep,
} from '../../support/fakes/upstream/lie-schedule.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import {
  makeRelease,
  NAMESPACE,
  packageBytes,
  PLATFORMS,
  TYPE,
  VERSION,
  type FakeRelease,
} from '../../support/fakes/upstream/upstream-release.js';
import { addIdleSync, allowEverything, syncOf } from '../../support/mirror-runs.js';
import { MirrorWitness, type SignedDigests } from '../../support/mirror-witness.js';
import { seededRandom } from '../../support/seeded-random.js';
import { TestApp } from '../../support/test-app.js';

/** Schedules for each profile: 40 before a release, in pieces with `-t`. Unless set one for every third profile. */
const SCHEDULES = Number(process.env['LIE_SCHEDULES'] || 0);
const SEED = Number(process.env['LIE_SEED'] || 1);

const MIB = 1024 * 1024;
const EARLIER = ['1.0.0', '1.1.0'];
const VERSIONS = [...EARLIER, VERSION];
const MAX_PACKAGE_BYTES = 2 * MIB;
/** In each process at most: a run with four packages at a time, and pull-through with eight. */
const TEMPORARY_CAP_BYTES = 12 * MAX_PACKAGE_BYTES;
/** Content is stored once: three versions for two platforms, checksums, signatures, and those that changed. */
const STORAGE_CAP_BYTES = 2 * MIB;
const QUICK = { retryPauseMs: 1, maxPackageBytes: MAX_PACKAGE_BYTES };
const IMPATIENT = { ...QUICK, metadataTimeoutMs: 300, paceWindowMs: 200, minBytesPerWindow: 64 };

const MUTATION: LieName = 'the bytes changed, signed anew';
const NAMES = Object.keys(ALL_LIES) as LieName[];

let apps: readonly [TestApp, TestApp];
let admin: string;
let keys: UpstreamKeys;
let earlier: ReadonlyMap<string, FakeRelease>;
let honest: Telling;
const tellings = new Map<LieName, Promise<Telling>>();

beforeAll(async () => {
  keys = await makeUpstreamKeys();
  honest = await FakeUpstream.prepare(keys);
  earlier = new Map(
    await Promise.all(
      EARLIER.map(async (version) => [version, await makeRelease(keys.honest, version)] as const),
    ),
  );
  const app = await TestApp.start({
    TFR_SECURITY_EGRESS_ALLOWLIST: FakeUpstream.HOSTS.join(','),
    TFR_AUTH_ANONYMOUS_READ: 'true',
    TFR_MIRROR_PULL_THROUGH_MEMORY: '0s',
    TFR_MIRROR_PULL_THROUGH_ABSENCE: '0s',
    TFR_MIRROR_PULL_THROUGH_TROUBLE: '0s',
  });
  apps = [app, await app.another()];
  admin = await app.issueKey('admin');
  await allowEverything(app);
});

afterAll(async () => {
  const storage = apps?.[0].config.storage.localBasePath;
  if (storage !== undefined) expect(await bytesBelow(storage)).toBeLessThan(STORAGE_CAP_BYTES);
  await apps?.[1].stop();
  await apps?.[0].stop();
});

/** One schedule while it goes. */
class Play {
  private step = -1;
  private firstRequest = 0;
  private asked = 0;
  private stop: (() => void) | undefined;
  private readonly random: () => number;

  constructor(
    private readonly schedule: LieSchedule,
    private readonly upstream: FakeUpstream,
    private readonly mirror: Mirror,
    private readonly lies: readonly Telling[],
    private readonly witnesses: readonly [MirrorWitness, MirrorWitness],
  ) {
    this.random = seededRandom(schedule.seed + 1);
    upstream.choose = (request) => this.choose(request);
  }

  async steps(): Promise<void> {
    for (const step of this.schedule.steps) {
      this.step += 1;
      this.firstRequest = this.asked;
      await this.take(step);
      for (const witness of this.witnesses) await witness.look();
    }
    this.upstream.choose = () => honest;
    this.upstream.beforeAnswer = () => undefined;
  }

  private choose(request: number): Telling {
    this.asked = request + 1;
    const at = { step: this.step, request: request - this.firstRequest, chance: this.random() };
    if (!isLiedTo(this.schedule.time, at)) return honest;
    return this.lies[Math.floor(this.random() * this.lies.length)]!;
  }

  private async take(step: MirrorStep): Promise<void> {
    if (step.kind === 'pull') return this.witnesses[step.on].look(true);
    const payload = await addIdleSync(apps[0], this.mirror);
    const ending = new AbortController();
    this.stop = () => ending.abort();
    if (step.broken) this.breakAt(step.broken, payload);
    await apps[step.on].get(MirrorSyncRunner).run(payload, ending.signal);
    this.upstream.beforeAnswer = () => undefined;
    await finish(payload, step.on === 0 ? 1 : 0);
  }

  private breakAt(
    { by, atRequest }: NonNullable<(MirrorStep & { kind: 'run' })['broken']>,
    payload: SyncJobPayload,
  ) {
    this.upstream.beforeAnswer = async (request) => {
      if (request - this.firstRequest !== atRequest) return;
      if (by === 'stop') this.stop!();
      // It may have ended, when somebody else's request is the one.
      if (by === 'cancel') {
        await apps[1]
          .get(MirrorSyncs)
          .cancel(this.mirror, payload.syncId)
          .catch(() => undefined);
      }
      if (by === 'lost lease') await loseLease(payload);
    };
  }
}

/** As after a SIGSTOP: the lease is over by the clock of the database, and the worker did not notice. */
async function loseLease({ syncId }: SyncJobPayload): Promise<void> {
  const taken = 'lease_token = lease_token + 1, lease_until = now()';
  await apps[0].query(`UPDATE mirror_syncs SET ${taken} WHERE id = $1 AND status = 'running'`, [syncId]);
}

/** Works on a run until it has ended. */
async function finish(payload: SyncJobPayload, on: 0 | 1): Promise<void> {
  while ((await syncOf(apps[0], payload)).status === 'running') {
    await apps[on].get(MirrorSyncRunner).run(payload, new AbortController().signal);
  }
}

async function addMirror(upstream: FakeUpstream, isPullThrough: boolean): Promise<Mirror> {
  const added = await apps[0].request('/api/v1/admin/mirrors', {
    method: 'POST',
    key: admin,
    json: {
      name: uniqueName('lied-to'),
      upstream_registry_url: upstream.origin,
      ...{ namespace_filter: [NAMESPACE], provider_filter: [TYPE] },
      ...{ key_trust: 'pinned', pull_through: isPullThrough },
    },
  });
  expect(added.status).toBe(201);
  const { id } = added.json<{ id: string }>();
  await apps[0].query(
    `INSERT INTO mirror_keys (mirror_id, namespace, fingerprint, armor, state, source)
     VALUES ($1, $2, $3, $4, 'pinned', 'administrator')`,
    [id, NAMESPACE, keys.honest.fingerprint, keys.honest.armor],
  );
  return (await apps[0].get(Mirrors).find(id))!;
}

/** An upstream at an address at which no other one was before. */
async function newUpstream(): Promise<FakeUpstream> {
  for (;;) {
    const upstream = await FakeUpstream.start(keys, {}, earlier);
    const { host } = new URL(upstream.origin);
    const known = await apps[0].query('SELECT FROM mirrors WHERE upstream_host = $1', [host]);
    if (known.length === 0) return upstream;
    await upstream.stop();
  }
}

/** What the honest key signed, by `version os_arch`. Of changed packages one is in order; the others can only be named. */
async function signedDigests(lies: readonly LieName[]): Promise<SignedDigests> {
  const packages = new Map<string, Set<string>>();
  for (const version of VERSIONS) {
    for (const platform of PLATFORMS) {
      packages.set(`${version} ${platform}`, new Set([digestOf(packageBytes(version, platform))]));
    }
  }
  const checksums = new Map([...packages].map(([name, digests]) => [name, new Set(digests)]));
  for (const lie of lies) {
    if (LIE_PROFILES['other keys sign']!.includes(lie)) continue;
    for (const [name, digest] of digestsIn((await telling(lie)).release.shasums)) {
      checksums.get(name)?.add(digest);
      if (lie === MUTATION) packages.get(name)?.add(digest);
    }
  }
  return { packages, checksums };
}

function digestsIn(shasums: string): [string, string][] {
  const lines = shasums.matchAll(/^([0-9a-f]{64}) {2}terraform-provider-[^_]+_([^_]+)_(\w+)\.zip$/gm);
  return [...lines].map(([, digest, version, platform]) => [`${version} ${platform}`, digest!]);
}

function telling(lie: LieName): Promise<Telling> {
  const known = tellings.get(lie) ?? FakeUpstream.prepare(keys, ALL_LIES[lie]);
  tellings.set(lie, known);
  return known;
}

async function bytesBelow(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const found = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)));
  return found.reduce((sum, one) => sum + (one?.isFile() ? one.size : 0), 0);
}

/** Reads without a pause until `work` is done. */
async function watched(witness: MirrorWitness, work: Promise<void>): Promise<void> {
  let isOver = false;
  const done = work.finally(() => (isOver = true));
  const watching = (async () => {
    while (!isOver) await witness.look();
  })();
  await Promise.all([done, watching]);
}

/** Goes through a schedule; afterwards the upstream is honest, and everything has to be right. */
async function expectHonestyIn(schedule: LieSchedule): Promise<void> {
  const upstream = await newUpstream();
  try {
    const mirror = await addMirror(upstream, schedule.isPullThrough);
    const base = `/terraform/providers/${mirror.upstreamHost}/${NAMESPACE}/${TYPE}`;
    const signed = await signedDigests(schedule.lies);
    const handedOut = new Map<string, string>();
    const [one, other, watcher] = [apps[0], apps[1], apps[1]].map(
      (app) => new MirrorWitness(app, base, signed, handedOut),
    ) as [MirrorWitness, MirrorWitness, MirrorWitness];
    const all = [one, other, watcher];
    const isSlow = schedule.lies.some((lie) => lie.includes('slow'));
    setLimits(isSlow ? IMPATIENT : QUICK);
    const lies = await Promise.all(schedule.lies.map(telling));
    const steps = new Play(schedule, upstream, mirror, lies, [one, other]).steps();
    await (schedule.isWatched ? watched(watcher, steps) : steps);
    setLimits(QUICK);
    await expectRecovery(schedule, mirror, [one, other]);
    expect(all.flatMap(({ violations }) => violations).join('\n')).toBe('');
    expect(Math.max(...all.map(({ mostTemporaryBytes }) => mostTemporaryBytes))).toBeLessThan(
      TEMPORARY_CAP_BYTES,
    );
    for (const witness of [one, other])
      await expect.poll(() => witness.temporaryFolders, { timeout: 20_000 }).toBe(0);
    expect(await one.temporaryBytes()).toBe(0);
    expect(upstream.canaryHits).toBe(0);
    await apps[0].query('UPDATE mirrors SET is_enabled = false, is_pull_through = false WHERE id = $1', [
      mirror.id,
    ]);
  } finally {
    await upstream.stop();
  }
}

/** An honest run brings what lies kept away. Whoever got a changed version first keeps that one. */
async function expectRecovery(
  schedule: LieSchedule,
  mirror: Mirror,
  witnesses: readonly MirrorWitness[],
): Promise<void> {
  const payload = await addIdleSync(apps[0], mirror);
  await finish(payload, 0);
  const { status, details } = await syncOf(apps[0], payload);
  const codes = new Set(details.failures.map(({ code }) => code));
  const isMutated = schedule.lies.includes(MUTATION) && codes.has('release_mutated');
  expect([status, ...codes]).toEqual(isMutated ? ['failed', 'release_mutated'] : ['success']);
  const complete = VERSIONS.flatMap((version) => PLATFORMS.map((platform) => `${version} ${platform}`));
  for (const witness of witnesses) {
    const missing = async (): Promise<string[]> => {
      await witness.look();
      return complete.filter((name) => !witness.had.has(name) && !(isMutated && name.startsWith(VERSION)));
    };
    await expect.poll(missing, { timeout: 20_000 }).toEqual([]);
  }
}

function setLimits(limits: Partial<FetchLimits>): void {
  for (const app of apps) Object.assign(app.get(FetchLimits), new FetchLimits(limits));
}

describe('the profiles of an upstream that lies', () => {
  it('are 25, and have every lie once', () => {
    expect(Object.keys(LIE_PROFILES)).toHaveLength(25);
    expect(Object.values(LIE_PROFILES).flat().sort()).toEqual([...NAMES].sort());
  });
});

const chosen = Object.entries(LIE_PROFILES)
  .map(([profile, lies], nr) => {
    const schedules = Array.from({ length: Math.max(SCHEDULES, 1) }, (_, at) => {
      const schedule = lieSchedule(SEED + nr * 1_000 + at, lies, NAMES);
      return [describeSchedule(schedule), schedule] as const;
    });
    return [profile, schedules] as const;
  })
  .filter((_, nr) => SCHEDULES > 0 || nr % 3 === SEED % 3);

describe.each(chosen)('when %s', (_profile, schedules) => {
  it.each(schedules)(
    'what is served was signed, stays, and nothing else is left: %s',
    async (_title, schedule) => {
      await expectHonestyIn(schedule);
    },
  );
});
