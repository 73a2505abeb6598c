import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WorkerConfig } from '../../../src/config/worker.config.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { JobQueue } from '../../../src/platform/jobs/job-queue.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { ended, spawnTypescript } from '../../support/typescript-process.js';

const LEASE_MS = 5000;
const HANGS_MS = 600_000;
const SHORT_MS = 300;

describe('a worker that is killed', () => {
  let database: TestDatabase;
  let folder: string;
  const workers: ChildProcess[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'registry-worker-'));
  });
  afterAll(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all(workers.map(ended));
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('hands its job to another worker within the lease', async () => {
    const log = join(folder, 'log');
    await writeFile(log, '');
    const lines = async (): Promise<string[]> => (await readFile(log, 'utf8')).trim().split('\n');
    const startWorker = (jobMs: number): ChildProcess => {
      const worker = spawnTypescript('worker-process.ts', [
        database.url,
        log,
        String(LEASE_MS),
        String(jobMs),
      ]);
      workers.push(worker);
      return worker;
    };
    const dataSource = await database.open();
    const first = startWorker(HANGS_MS);
    await new JobQueue(new Transactions(dataSource), new WorkerConfig()).enqueue('slow');
    await vi.waitFor(async () => expect(await lines()).toEqual([`begin ${first.pid}`]), { timeout: 15_000 });

    const second = startWorker(SHORT_MS);
    const heartbeats = (): Promise<unknown> => dataSource.query('SELECT worker_id FROM job_heartbeats');
    await vi.waitFor(async () => expect(await heartbeats()).toHaveLength(2), { timeout: 15_000 });
    expect(await lines()).toHaveLength(1);
    first.kill('SIGKILL');
    const killedAt = Date.now();
    await vi.waitFor(async () => expect(await lines()).toContain(`begin ${second.pid}`), { timeout: 15_000 });
    expect(Date.now() - killedAt).toBeLessThan(LEASE_MS);
    await vi.waitFor(async () => expect(await lines()).toContain(`end ${second.pid}`), { timeout: 5000 });
    await vi.waitFor(async () =>
      expect(await dataSource.query('SELECT 1 FROM graphile_worker.jobs')).toEqual([]),
    );
    expect(await lines()).toEqual([`begin ${first.pid}`, `begin ${second.pid}`, `end ${second.pid}`]);
  });
});
