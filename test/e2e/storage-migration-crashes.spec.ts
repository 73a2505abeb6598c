import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MigratingRegistry, type ServedModule } from '../support/migrating-registry.js';

/** Set MIGRATION_CRASHES for more, and CRASH_SEED to repeat a run. */
const CRASHES = Number(process.env['MIGRATION_CRASHES'] || 3);
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const MODULES = 300;
const LONGEST_LIFE_MS = 120;
const WORKER = 0;
const READER = 1;

/** Numbers from 0 to 1 that are the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a registry that is killed at random moments while it moves its objects', () => {
  let registry: MigratingRegistry;
  let modules: ServedModule[];

  beforeAll(async () => {
    registry = await MigratingRegistry.start([{}, { TFR_WORKER_MODE: 'web' }]);
    modules = await registry.publish(MODULES);
  }, 120_000);
  afterAll(() => registry?.dispose());

  /** Reads everything over and over through the other process; gives what could not be read. */
  function reader(): { stop: () => Promise<{ reads: number; faults: string[] }> } {
    const faults: string[] = [];
    let reads = 0;
    let isOver = false;
    const run = async (): Promise<void> => {
      while (!isOver) {
        for (const [index, module] of modules.entries()) {
          if (isOver) return;
          const link = (index + reads) % 5 === 0 ? await registry.linkOf(module.name, READER) : module.link;
          const fault = await registry.faultOf(module, link, READER);
          if (fault !== undefined) faults.push(fault);
          reads += 1;
          await sleep(2);
        }
      }
    };
    const running = run().catch((error: unknown) => void faults.push(String(error)));
    return {
      stop: async () => {
        isOver = true;
        await running;
        return { reads, faults };
      },
    };
  }

  /** The number of the lease under which the worker works now, when it is a newer one. */
  async function leaseAfter(former: number): Promise<number> {
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      const [row] = await registry.query<{ token: string }>(
        `SELECT lease_token AS token FROM storage_migrations
         WHERE state = 'running' AND lease_until > now() AND lease_holder IS NOT NULL ORDER BY created_at DESC LIMIT 1`,
      );
      if (row !== undefined && Number(row.token) !== former) return Number(row.token);
      await sleep(5);
    }
    throw new Error(`Nobody works on the migration:\n${registry.at(WORKER).output}`);
  }

  it(`lets everybody read everything, and loses nothing, in ${CRASHES} crashes (seed ${SEED})`, async () => {
    const random = randomNumbers(SEED);
    const reading = reader();
    let storages = ['local', registry.target];
    let { id } = await registry.startMigration('local', registry.target, READER);
    const migrations = [id];
    let lease = 0;
    let midway = 0;
    for (let crash = 0; crash < CRASHES; crash += 1) {
      lease = await leaseAfter(lease);
      await sleep(random() * LONGEST_LIFE_MS);
      await registry.at(WORKER).kill();
      const { state } = await registry.migration(id, READER);
      midway += state === 'running' ? 1 : 0;
      if (state === 'completed') {
        // Everything is on the other side: back again.
        storages = storages.toReversed();
        ({ id } = await registry.startMigration(storages[0]!, storages[1]!, READER));
        migrations.push(id);
        lease = 0;
      }
      await registry.at(WORKER).launch();
      for (const module of modules.slice(0, 5)) {
        const link = await registry.linkOf(module.name, WORKER);
        expect(await registry.faultOf(module, link, WORKER)).toBeUndefined();
      }
    }
    await expect
      .poll(async () => (await registry.migration(id, READER)).state, { timeout: 60_000, interval: 100 })
      .toBe('completed');
    const { reads, faults } = await reading.stop();
    expect(faults, 'what could not be read').toEqual([]);
    expect(reads).toBeGreaterThan(CRASHES * 20);
    expect(midway, 'crashes in the middle of a migration').toBeGreaterThan(CRASHES / 2);

    for (const one of migrations) {
      expect(await registry.migration(one, READER)).toMatchObject({
        state: 'completed',
        ...{ total: { objects: MODULES }, copied: { objects: MODULES }, verified: { objects: MODULES } },
        ...{ failed: 0, errors: [] },
      });
    }
    await registry.sweep();
    const rows = await registry.query('SELECT storage, state, count(*)::int FROM artifacts GROUP BY 1, 2');
    expect(rows).toEqual([{ storage: storages[1], state: 'committed', count: MODULES }]);
    expect(await registry.disagreement()).toEqual({
      ...{ danglingRows: [], orphanBlobs: [], leftoverRows: [], openDeletions: [] },
    });
    const verify = await registry.at(WORKER).command('verify');
    expect(verify.status, verify.stdout + verify.stderr).toBe(0);
    expect(registry.temporaryFiles()).toEqual([]);
    for (const module of modules) {
      const link = await registry.linkOf(module.name, READER);
      expect(await registry.faultOf(module, link, READER)).toBeUndefined();
    }
    process.stderr.write(
      `${CRASHES} crashes, ${midway} midway, ${migrations.length} migrations, ${reads} reads\n`,
    );
  }, 1_200_000);
});
