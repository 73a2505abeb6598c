import { EventEmitter } from 'node:events';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import {
  Logger as QueueLogger,
  type LogLevel,
  run,
  type Runner,
  type TaskList,
  type WorkerEvents,
} from 'graphile-worker';
import type { Pool } from 'pg';
import { WorkerConfig } from '../../config/worker.config.js';
import { DatabaseConnection } from '../database/database-connection.js';
import { RequestContext } from '../request-context/request-context.js';
import { JobHeartbeats } from './job-heartbeats.js';
import { JobRegistry } from './job-registry.js';

const SPARE_CONNECTIONS = 2;

/**
 * Runs the registered jobs in this process, on connections of its own. Started once the server listens, stopped
 * before the database closes; jobs of a process that was killed are taken over within `worker.lease`.
 */
@Injectable()
export class JobRunner implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Jobs');
  private running: { runner: Runner; pool: Pool; heartbeats: JobHeartbeats } | undefined;

  constructor(
    private readonly connection: DatabaseConnection,
    private readonly registry: JobRegistry,
    private readonly config: WorkerConfig,
  ) {}

  /** Starts to take jobs; does nothing when it runs already or `worker.mode` is `web`. */
  async start(): Promise<void> {
    if (this.running || this.config.mode === 'web') return;
    const pool = this.connection.createPool(
      'terraform-registry-jobs',
      this.config.concurrency + SPARE_CONNECTIONS,
    );
    try {
      const { runner, workerId } = await this.run(pool);
      const { replicaId, leaseMs } = this.config;
      const heartbeats = new JobHeartbeats(pool, workerId, replicaId, leaseMs, (error) => this.warn(error));
      this.running = { runner, pool, heartbeats };
      await heartbeats.start();
    } catch (error) {
      if (this.running) await this.stop();
      else await pool.end();
      throw error;
    }
  }

  /** Takes no new jobs, waits for those that run, and closes its connections. */
  async stop(): Promise<void> {
    const running = this.running;
    this.running = undefined;
    if (!running) return;
    await running.runner.stop().catch((error: unknown) => this.warn(error));
    await running.heartbeats.stop().catch((error: unknown) => this.warn(error));
    await running.pool.end();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  private async run(pool: Pool): Promise<{ runner: Runner; workerId: string }> {
    const events = new EventEmitter() as WorkerEvents;
    let workerId = '';
    // Jobs are locked in the name of the worker pool, which announces itself while `run` starts it.
    events.on('pool:create', ({ workerPool }) => (workerId = workerPool.id));
    const runner = await run({
      pgPool: pool,
      taskList: this.taskList(),
      parsedCronItems: [],
      concurrency: this.config.concurrency,
      pollInterval: this.config.pollIntervalMs,
      noHandleSignals: true,
      events,
      logger: this.queueLogger(),
      // By default `stop` returns before the last job is marked as done, and it would run again.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    });
    runner.promise.catch((error: unknown) => this.warn(error));
    return { runner, workerId };
  }

  private taskList(): TaskList {
    const tasks = this.registry.list().map((job) => [
      job.name,
      async (payload: unknown, helpers: { abortSignal: AbortSignal }): Promise<void> => {
        await RequestContext.runAs('JOB', job.name, () =>
          job.run((payload ?? {}) as object, helpers.abortSignal),
        );
      },
    ]);
    return Object.fromEntries(tasks) as TaskList;
  }

  private queueLogger(): QueueLogger {
    return new QueueLogger(() => (level: LogLevel, message: string) => {
      if (level === 'error') this.logger.error(message);
      else if (level === 'warning') this.logger.warn(message);
    });
  }

  private warn(error: unknown): void {
    this.logger.warn(error instanceof Error ? error.message : String(error));
  }
}
