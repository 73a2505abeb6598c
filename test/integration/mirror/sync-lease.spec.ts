import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  SyncAlreadyRunning,
  SyncEnded,
  SyncLeaseLost,
  SyncNotFound,
} from '../../../src/mirror/domain/mirror-sync.errors.js';
import type { Mirror } from '../../../src/mirror/domain/mirror.js';
import { MirroredListingsRepository } from '../../../src/mirror/persistence/mirrored-listings.repository.js';
import { MirrorSchedule } from '../../../src/mirror/sync/mirror-schedule.service.js';
import { MirrorSyncRunner } from '../../../src/mirror/sync/mirror-sync-runner.service.js';
import { MirrorSyncs } from '../../../src/mirror/sync/mirror-syncs.service.js';
import { SyncStretches } from '../../../src/mirror/sync/sync-stretches.service.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { UpstreamCatalogue } from '../../support/fakes/upstream/upstream-catalogue.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import {
  addIdleSync,
  addMirror,
  allowEverything,
  heldPackages,
  syncOf,
  until,
  untilEnded,
} from '../../support/mirror-runs.js';
import { TestApp } from '../../support/test-app.js';

const VERSIONS = 12;
const never = new AbortController().signal;

let app: TestApp;
let other: TestApp;
let keys: UpstreamKeys;
let upstream: UpstreamCatalogue;
let mirror: Mirror;

beforeAll(async () => {
  keys = await makeUpstreamKeys();
  app = await TestApp.start({
    TFR_SECURITY_EGRESS_ALLOWLIST: UpstreamCatalogue.HOST,
    TFR_MIRROR_LEASE: '1s',
    TFR_MIRROR_DOWNLOAD_CONCURRENCY: '2',
  });
  other = await app.another();
  await allowEverything(app);
});
afterAll(async () => {
  await other?.stop();
  await app?.stop();
});

beforeEach(async () => {
  const versions = Array.from({ length: VERSIONS }, (_, at) => `1.${at}.0`);
  upstream = await UpstreamCatalogue.start(keys.honest, [
    { namespace: 'acme', type: 'widget', versions, platforms: ['linux_amd64', 'darwin_arm64'] },
  ]);
  const pinned = { namespace: 'acme', key: keys.honest };
  mirror = await addMirror(app, { upstream: upstream.origin, pinned });
  return () => upstream.stop();
});

/** Every package is here, and was fetched once. */
async function expectAllOnce(): Promise<void> {
  expect(await heldPackages(app, upstream.authority)).toHaveLength(VERSIONS * 2);
  expect(upstream.fetched.size).toBe(VERSIONS * 2);
  expect(new Set(upstream.fetched.values())).toEqual(new Set([1]));
}

const COMPLETE = {
  ...{ status: 'success', packagesDone: VERSIONS * 2, packagesPlanned: VERSIONS * 2 },
  ...{ providersSynced: 1, providersFailed: 0 },
};

describe('asking for a run', () => {
  it('is refused while the mirror has one that did not end', async () => {
    await addIdleSync(app, mirror);
    const asked = app.get(MirrorSyncs).trigger(mirror, {}, 'manual');
    await expect(asked).rejects.toThrow(SyncAlreadyRunning);
    await expect(asked).rejects.toThrow('A sync is already in progress for this mirror');
  });

  it('succeeds for one of many who ask at the same time, in any process', async () => {
    const syncs = [app, other].map((one) => one.get(MirrorSyncs));
    const asked = await Promise.allSettled(
      Array.from({ length: 10 }, (_, at) => syncs[at % 2]!.trigger(mirror, {}, 'manual')),
    );
    const begun = asked.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
    expect(begun).toHaveLength(1);
    expect(await untilEnded(app, mirror.id, begun[0]!.id)).toMatchObject(COMPLETE);
    await expectAllOnce();
  });

  it('happens by itself for a mirror that is due', async () => {
    await app.query(`UPDATE mirrors SET next_sync_at = now() WHERE id = $1`, [mirror.id]);
    await app.get(MirrorSchedule).check();
    const [run] = await app.get(MirrorSyncs).recent(mirror.id, 1);
    expect(run).toMatchObject({ triggeredBy: 'scheduler' });
    expect(await untilEnded(app, mirror.id, run!.id)).toMatchObject(COMPLETE);
  });
});

describe('a run of which a worker does a part', () => {
  it('goes on where it was, stretch after stretch', async () => {
    const payload = await addIdleSync(app, mirror);
    const runner = app.get(MirrorSyncRunner);
    let stretches = 1;
    while ((await runner.run(payload, never, 0)) !== 'ended') stretches += 1;
    expect(stretches).toBeGreaterThanOrEqual(VERSIONS / 2);
    const sync = await syncOf(app, payload);
    expect(sync).toMatchObject(COMPLETE);
    expect(sync.details).toMatchObject({ packagesStored: VERSIONS * 2, leftOutCount: {} });
    await expectAllOnce();
  });

  it('goes on after its process was asked to stop', async () => {
    const payload = await addIdleSync(app, mirror);
    const stopping = new AbortController();
    upstream.beforePackage = () => void (upstream.fetched.size > 8 && stopping.abort());
    expect(await app.get(MirrorSyncRunner).run(payload, stopping.signal)).toEqual({ afterMs: 0 });
    const between = await syncOf(app, payload);
    expect(between.status).toBe('running');
    expect(between.packagesDone).toBeGreaterThan(0);
    expect(between.packagesDone).toBeLessThan(VERSIONS * 2);
    expect(await other.get(MirrorSyncRunner).run(payload, never)).toBe('ended');
    expect(await syncOf(app, payload)).toMatchObject(COMPLETE);
    expect(await heldPackages(app, upstream.authority)).toHaveLength(VERSIONS * 2);
  });

  it('is taken over when nobody works on it any more', async () => {
    const payload = await addIdleSync(app, mirror);
    await app.query(
      `UPDATE mirror_syncs SET lease_token = 1, lease_until = now() - interval '1 second' WHERE id = $1`,
      [payload.syncId],
    );
    await app.get(MirrorSchedule).check();
    expect(await untilEnded(app, mirror.id, payload.syncId)).toMatchObject(COMPLETE);
  });

  it('is left alone while another process has it', async () => {
    const payload = await addIdleSync(app, mirror);
    await app.query(
      `UPDATE mirror_syncs SET lease_token = 1, lease_until = now() + interval '1 hour' WHERE id = $1`,
      [payload.syncId],
    );
    const result = await app.get(MirrorSyncRunner).run(payload, never);
    expect(result).toMatchObject({ afterMs: expect.closeTo(3_600_000, -5) });
    expect(upstream.asked).toEqual([]);
  });
});

describe('a worker that was stopped and comes back', () => {
  it('writes nothing after another one has taken over', async () => {
    const payload = await addIdleSync(app, mirror);
    let goOn = (): void => undefined;
    const stopped = new Promise<void>((done) => (goOn = done));
    upstream.beforePackage = () => (upstream.fetched.size > 6 ? stopped : undefined);
    const stale = app.get(MirrorSyncRunner).run(payload, never);
    await until(() => (upstream.fetched.size > 6 ? true : undefined));
    // The lease is over by the clock of the database, as after a SIGSTOP; the timers of the worker did not notice.
    await app.query(
      `UPDATE mirror_syncs SET lease_token = lease_token + 1, lease_until = now() WHERE id = $1`,
      [payload.syncId],
    );
    upstream.beforePackage = () => undefined;
    expect(await other.get(MirrorSyncRunner).run(payload, never)).toBe('ended');
    const ended = await syncOf(app, payload);
    const held = await heldPackages(app, upstream.authority);
    const audited = await countAudit();
    goOn();
    expect(await stale).toBe('ended');
    expect(await syncOf(app, payload)).toEqual(ended);
    expect(ended).toMatchObject(COMPLETE);
    expect(await heldPackages(app, upstream.authority)).toEqual(held);
    expect(await countAudit()).toBe(audited);
    // Only what was under way when the lease was lost was fetched again.
    const twice = [...upstream.fetched.values()].filter((count) => count > 1);
    expect(twice.length).toBeLessThanOrEqual(2);
  });

  it('stores nothing of a version that it had fetched by then', async () => {
    await app.query(`UPDATE mirrors SET platform_filter = '{linux/amd64}' WHERE id = $1`, [mirror.id]);
    const payload = await addIdleSync(app, mirror);
    upstream.beforePackage = async () => {
      await app.query('UPDATE mirror_syncs SET lease_token = lease_token + 1 WHERE id = $1', [
        payload.syncId,
      ]);
    };
    expect(await app.get(MirrorSyncRunner).run(payload, never)).toBe('ended');
    expect(upstream.packagesFetched).toBe(1);
    expect(await heldPackages(app, upstream.authority)).toEqual([]);
    expect(await syncOf(app, payload)).toMatchObject({ status: 'running', packagesDone: 0 });
    const lines = await app.get(MirrorSyncs).lines(payload.syncId, { page: 1, perPage: 10 });
    expect(lines.total).toBe(0);
  });

  it('is refused in every transaction that it begins', async () => {
    const payload = await addIdleSync(app, mirror);
    const work = await app.get(SyncStretches).take(mirror, payload.syncId, never, 1000);
    await app.query(`UPDATE mirror_syncs SET lease_token = lease_token + 1 WHERE id = $1`, [payload.syncId]);
    const { lease } = work!.facts;
    await expect(lease.write(() => Promise.resolve())).rejects.toThrow(SyncLeaseLost);
    await expect(work!.save()).rejects.toThrow(SyncLeaseLost);
    await expect(lease.check()).rejects.toThrow(SyncLeaseLost);
    expect(lease.isLost).toBe(true);
  });
});

describe('what is known of an upstream', () => {
  it('grows for readers while a run adds to it, and neither waits for the other', async () => {
    const name = { namespace: 'acme', type: 'widget' };
    const listings = app.get(MirroredListingsRepository);
    const id = await listings.ensure(mirror, name);
    await app.get(Transactions).run(async () => {
      await listings.ensure(mirror, name);
      // The other process has connections of its own.
      await other.get(MirroredListingsRepository).see(id, ['1.0.0', '1.1.0']);
      await listings.see(id, ['1.1.0', '1.0.0', '1.2.0']);
    });
    expect([...(await listings.seen(id)).keys()].sort()).toEqual(['1.0.0', '1.1.0', '1.2.0']);
  });
});

async function countAudit(): Promise<number> {
  const [row] = await app.query<{ count: number }>('SELECT count(*)::int AS count FROM audit_entries');
  return row!.count;
}

describe('cancelling', () => {
  it('ends a run before its next package, and what is stored stays', async () => {
    const syncs = other.get(MirrorSyncs);
    let cancelled: Promise<void> | undefined;
    upstream.beforePackage = async () => {
      if (upstream.fetched.size <= 6) return;
      const current = await syncs.current(mirror.id);
      cancelled ??= syncs.cancel(mirror, current!.id);
      await cancelled;
    };
    const { id } = await app.get(MirrorSyncs).trigger(mirror, {}, 'manual');
    const sync = await untilEnded(app, mirror.id, id);
    expect(sync).toMatchObject({ status: 'cancelled', isCancelRequested: true, errorMessage: null });
    const held = await heldPackages(app, upstream.authority);
    expect(held.length).toBe(sync.packagesDone);
    expect(held.length).toBeGreaterThan(0);
    expect(held.length).toBeLessThan(VERSIONS * 2);
    await expect(syncs.cancel(mirror, id)).rejects.toThrow(SyncEnded);
  });

  it('ends a run at once when nobody works on it', async () => {
    const { syncId } = await addIdleSync(app, mirror);
    await app.get(MirrorSyncs).cancel(mirror, syncId);
    expect(await app.get(MirrorSyncs).find(mirror.id, syncId)).toMatchObject({ status: 'cancelled' });
    expect(await app.get(MirrorSyncs).current(mirror.id)).toBeNull();
  });

  it('knows the runs of its own mirror only', async () => {
    const { syncId } = await addIdleSync(app, mirror);
    const stranger = await addMirror(app, { upstream: upstream.origin });
    await expect(app.get(MirrorSyncs).cancel(stranger, syncId)).rejects.toThrow(SyncNotFound);
    expect(await app.get(MirrorSyncs).find(stranger.id, syncId)).toBeNull();
  });
});
