import { setTimeout as sleep } from 'node:timers/promises';
import { SchedulerRegistry } from '@nestjs/schedule';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WorkerConfig } from '../../../src/config/worker.config.js';
import { DatabaseConnection } from '../../../src/platform/database/database-connection.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { Job } from '../../../src/platform/jobs/job.js';
import { JobQueue } from '../../../src/platform/jobs/job-queue.js';
import { JobRegistry } from '../../../src/platform/jobs/job-registry.js';
import { JobRunner } from '../../../src/platform/jobs/job-runner.js';
import { Scheduler } from '../../../src/platform/jobs/scheduler.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

class RecordingJob extends Job<{ note?: string }> {
  readonly name = 'record';
  readonly seen: (string | undefined)[] = [];
  before: (note: string | undefined) => Promise<void> = async () => undefined;

  async run({ note }: { note?: string }): Promise<void> {
    await this.before(note);
    this.seen.push(note);
  }
}

const config = Object.assign(new WorkerConfig(), { pollIntervalMs: 100, leaseMs: 3000, maxAttempts: 3 });

describe('the job queue', () => {
  let database: TestDatabase;
  let connection: DatabaseConnection;
  let transactions: Transactions;
  let queue: JobQueue;

  beforeAll(async () => {
    database = await createTestDatabase();
    connection = await DatabaseConnection.open(database.config, {
      entities: [],
      mode: 'tool',
      log: () => undefined,
    });
    transactions = new Transactions(connection.dataSource);
    queue = new JobQueue(transactions, config);
  });
  afterAll(async () => {
    await connection.close();
    await database.drop();
  });

  async function withRunner(work: (job: RecordingJob) => Promise<void>): Promise<void> {
    const job = new RecordingJob();
    const registry = new JobRegistry();
    registry.register(job);
    const runner = new JobRunner(connection, registry, config);
    await runner.start();
    try {
      await work(job);
    } finally {
      await runner.stop();
    }
  }
  const waiting = async (): Promise<number> => {
    const rows = (await connection.dataSource.query('SELECT 1 FROM graphile_worker.jobs')) as unknown[];
    return rows.length;
  };

  it('runs a job of a committed transaction once, and one of a rolled back transaction never', async () => {
    await withRunner(async (job) => {
      await transactions.run(async () => {
        await queue.enqueue('record', { note: 'committed' });
        await sleep(300);
        expect(job.seen).toEqual([]);
      });
      const rolledBack = transactions.run(async () => {
        await queue.enqueue('record', { note: 'rolled back' });
        throw new Error('no');
      });
      await expect(rolledBack).rejects.toThrow('no');
      await vi.waitFor(() => expect(job.seen).toEqual(['committed']), 5000);
      await sleep(500);
      expect(job.seen).toEqual(['committed']);
    });
    expect(await waiting()).toBe(0);
  });

  it('keeps one of several waiting jobs with the same key', async () => {
    await queue.enqueue('record', { note: 'first' }, { key: 'same' });
    await queue.enqueue('record', { note: 'second' }, { key: 'same' });
    await withRunner(async (job) => {
      await vi.waitFor(() => expect(job.seen).toEqual(['second']), 5000);
      await sleep(300);
      expect(job.seen).toEqual(['second']);
    });
  });

  it('tries a failed job again', async () => {
    await withRunner(async (job) => {
      let failures = 1;
      job.before = async () => {
        if (failures-- > 0) throw new Error('not yet');
      };
      await queue.enqueue('record', { note: 'stubborn' });
      await vi.waitFor(() => expect(job.seen).toEqual(['stubborn']), 10_000);
    });
  });

  it('waits for running jobs when it stops, and leaves nothing locked', async () => {
    let seen: (string | undefined)[] = [];
    await withRunner(async (job) => {
      let started = false;
      job.before = async () => {
        started = true;
        await sleep(400);
      };
      seen = job.seen;
      await queue.enqueue('record', { note: 'slow' });
      await vi.waitFor(() => expect(started).toBe(true), 5000);
    });
    expect(seen).toEqual(['slow']);
    expect(await waiting()).toBe(0);
    expect(await connection.dataSource.query('SELECT * FROM job_heartbeats')).toEqual([]);
  });

  it('makes one job of the ticks of several replicas', async () => {
    const schedulers = [1, 2, 3].map(() => new Scheduler(new SchedulerRegistry(), queue));
    for (const scheduler of schedulers) {
      scheduler.schedule('sweep', 1500, { name: 'record' });
      scheduler.start();
    }
    try {
      await withRunner(async (job) => {
        await sleep(4600);
        expect(job.seen.length).toBeGreaterThanOrEqual(2);
        expect(job.seen.length).toBeLessThanOrEqual(4);
      });
    } finally {
      for (const scheduler of schedulers) scheduler.stop();
    }
  });
});
