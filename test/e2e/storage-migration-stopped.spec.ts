import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MigratingRegistry, type ServedModule } from '../support/migrating-registry.js';

const MODULES = 60;
const SOON = { timeout: 30_000, interval: 50 };

describe('a process that stands still while it moves objects', () => {
  let registry: MigratingRegistry;
  let modules: ServedModule[];

  beforeAll(async () => {
    // Both are workers; slow enough to be met in the middle.
    const slow = { TFR_STORAGE_MIGRATION_MAX_BYTES_PER_SECOND: '2MB' };
    registry = await MigratingRegistry.start([slow, slow]);
    modules = await registry.publish(MODULES);
  }, 120_000);
  afterAll(() => registry?.dispose());

  async function worker(): Promise<{ holder: string | null; copied: number }> {
    const [row] = await registry.query<{ holder: string | null; copied: number }>(
      'SELECT lease_holder AS holder, objects_copied::int AS copied FROM storage_migrations',
    );
    return row!;
  }

  it('is replaced by another one, and does no harm when it goes on', async () => {
    const { id } = await registry.startMigration('local', registry.target, 0);
    await expect.poll(async () => (await worker()).copied, SOON).toBeGreaterThan(2);
    const { holder } = await worker();
    const stopped = holder === 'replica-0' ? 0 : 1;
    const other = 1 - stopped;
    process.kill(registry.at(stopped).pid!, 'SIGSTOP');
    try {
      await expect.poll(async () => (await worker()).holder, SOON).toBe(`replica-${other}`);
      for (const module of modules)
        expect(await registry.faultOf(module, module.link, other)).toBeUndefined();
      await expect.poll(async () => (await registry.migration(id, other)).state, SOON).toBe('completed');
    } finally {
      process.kill(registry.at(stopped).pid!, 'SIGCONT');
    }
    await registry.at(stopped).waitUntilReady();
    await expect.poll(() => registry.temporaryFiles(), SOON).toEqual([]);
    const running = `SELECT 1 FROM graphile_worker.jobs WHERE task_identifier = 'migrate-storage' AND locked_at IS NOT NULL`;
    await expect.poll(() => registry.query(running), SOON).toEqual([]);

    expect(await registry.migration(id, stopped)).toMatchObject({
      state: 'completed',
      ...{ total: { objects: MODULES }, copied: { objects: MODULES }, verified: { objects: MODULES } },
      ...{ failed: 0, errors: [] },
    });
    const ends = `SELECT 1 FROM audit_entries WHERE resource_id = $1 AND metadata -> 'after' ->> 'state' = 'completed'`;
    expect(await registry.query(ends, [id])).toHaveLength(1);
    await registry.sweep();
    expect(await registry.query('SELECT storage, state, count(*)::int FROM artifacts GROUP BY 1, 2')).toEqual(
      [{ storage: registry.target, state: 'committed', count: MODULES }],
    );
    expect(await registry.disagreement()).toEqual({
      ...{ danglingRows: [], orphanBlobs: [], leftoverRows: [], openDeletions: [] },
    });
    for (const module of modules)
      expect(
        await registry.faultOf(module, await registry.linkOf(module.name, stopped), stopped),
      ).toBeUndefined();
  });
});
