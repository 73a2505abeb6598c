import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALL_PLATFORMS } from '../support/fakes/upstream/all-platforms.js';
import { UpstreamCatalogue } from '../support/fakes/upstream/upstream-catalogue.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../support/fakes/upstream/upstream-keys.js';
import { MirroringRegistry } from '../support/mirroring-registry.js';

/** Set SYNC_CRASHES for more (100 before a release, with SYNC_VERSIONS=200 and SYNC_PLATFORMS=6). */
const CRASHES = Number(process.env['SYNC_CRASHES'] || 2);
const VERSIONS = Number(process.env['SYNC_VERSIONS'] || 20);
const PLATFORMS = Number(process.env['SYNC_PLATFORMS'] || 2);
/** What one worker fetches at a time. */
const CONCURRENCY = 4;
const SOON = { timeout: 60_000, interval: 50 };

describe('a run of a mirror whose worker is lost', () => {
  let registry: MirroringRegistry;
  let upstream: UpstreamCatalogue;
  let keys: UpstreamKeys;
  let mirrorId: string;
  /** The upstream keeps its last packages for as long, so that no run ends before its worker was lost. */
  let holdsLast: boolean;
  const platforms = ALL_PLATFORMS.slice(0, PLATFORMS);
  const versions = Array.from({ length: VERSIONS }, (_, at) => `1.${at}.0`);

  beforeEach(async () => {
    holdsLast = false;
    keys = await makeUpstreamKeys();
    upstream = await UpstreamCatalogue.start(keys.honest, [
      { namespace: 'acme', type: 'widget', versions, platforms },
    ]);
    upstream.beforePackage = async () => {
      await sleep(200);
      while (holdsLast && isNearItsEnd()) await sleep(20);
    };
    registry = await MirroringRegistry.prepare(2);
    await registry.processes[0]!.launch();
    mirrorId = await registry.addMirror(upstream, 'acme', keys.honest);
  }, 120_000);
  afterEach(async () => {
    await registry?.dispose();
    await upstream?.stop();
  });

  const done = async (): Promise<number> => (await registry.sync(mirrorId))?.done ?? 0;

  /** The same as if nothing had happened; what was under way when a lease was lost may have been fetched once more. */
  async function expectComplete(): Promise<void> {
    const patience = { ...SOON, timeout: SOON.timeout + VERSIONS * PLATFORMS * 200 };
    await expect.poll(async () => (await registry.sync(mirrorId))?.status, patience).not.toBe('running');
    const run = await registry.sync(mirrorId);
    expect(run).toMatchObject({ status: 'success', error: null, done: VERSIONS * PLATFORMS });
    // A busy machine may cost a process its lease without a kill.
    const losses = run!.token - 1;
    const wanted = versions.flatMap((version) => platforms.map((platform) => `${version} ${platform}`));
    expect((await registry.held()).toSorted()).toEqual(wanted.toSorted());
    expect((await registry.listed()).toSorted()).toEqual(versions.toSorted());
    const runs = await registry.query('SELECT 1 FROM mirror_syncs WHERE mirror_id = $1', [mirrorId]);
    expect(runs).toHaveLength(1);
    const again = [...upstream.fetched.values()].filter((count) => count > 1);
    expect(Math.max(...upstream.fetched.values())).toBeLessThanOrEqual(1 + losses);
    expect(again.length).toBeLessThanOrEqual(losses * (CONCURRENCY + PLATFORMS));
  }

  it(
    `comes to the same end after ${CRASHES} kills`,
    async () => {
      const [registered] = registry.processes;
      holdsLast = true;
      for (let crash = 0; crash < CRASHES; crash += 1) {
        const before = await done();
        await expect.poll(async () => (await done()) > before || isNearItsEnd(), SOON).toBe(true);
        await sleep(Math.random() * 200);
        await registered!.kill();
        expect(await isOver()).toBe(false);
        await registered!.launch();
      }
      holdsLast = false;
      await expectComplete();
      expect(await registry.disagreement()).toMatchObject({ danglingRows: [] });
    },
    300_000 + CRASHES * 20_000,
  );

  it('is taken over when its process stands still, which does no harm when it goes on', async () => {
    await expect.poll(done, SOON).toBeGreaterThan(0);
    await registry.processes[1]!.launch();
    const stopped = registry.processes[0]!;
    const { token } = (await registry.sync(mirrorId))!;
    process.kill(stopped.pid!, 'SIGSTOP');
    try {
      await expect.poll(async () => (await registry.sync(mirrorId))!.token, SOON).toBeGreaterThan(token);
      await expect.poll(isOver, SOON).toBe(true);
    } finally {
      process.kill(stopped.pid!, 'SIGCONT');
    }
    await stopped.waitUntilReady();
    const ends = `SELECT 1 FROM audit_entries WHERE resource_id = $1 AND action = 'mirror.sync_ended'`;
    expect(await registry.query(ends, [mirrorId])).toHaveLength(1);
    await expectComplete();
  }, 300_000);

  function isNearItsEnd(): boolean {
    return upstream.fetched.size > VERSIONS * PLATFORMS - CONCURRENCY;
  }

  async function isOver(): Promise<boolean> {
    return (await registry.sync(mirrorId))?.status !== 'running';
  }
});
