import { Injectable } from '@nestjs/common';
import { WorkerConfig } from '../../config/worker.config.js';
import { Transactions } from '../database/transactions.js';

/** How a job is enqueued. */
export interface EnqueueOptions {
  /** Of several waiting jobs with one key only the last stays. A job that runs already does not count as waiting. */
  readonly key?: string;
  /** Not before this time. With a key that is waiting already, its time stays. */
  readonly runAt?: Date;
  /** Whether every other job goes first. */
  readonly isUnhurried?: boolean;
}

/** The queue takes small numbers first; ordinary jobs have 0. */
const UNHURRIED = 100;

/** Adds jobs to the queue, as rows of the surrounding transaction: a rollback takes them back. */
@Injectable()
export class JobQueue {
  constructor(
    private readonly transactions: Transactions,
    private readonly config: WorkerConfig,
  ) {}

  /** Enqueues one run of the job named `name`; `payload` must be plain JSON. */
  async enqueue(name: string, payload: object = {}, options: EnqueueOptions = {}): Promise<void> {
    const mode = options.runAt ? 'preserve_run_at' : 'replace';
    await this.transactions.query(
      `SELECT graphile_worker.add_job($1, payload := $2::json, run_at := $3, max_attempts := $4, job_key := $5,
         job_key_mode := $6, priority := $7)`,
      [
        name,
        JSON.stringify(payload),
        options.runAt ?? null,
        this.config.maxAttempts,
        options.key ?? null,
        mode,
        options.isUnhurried ? UNHURRIED : 0,
      ],
    );
  }

  /** Takes the job that waits under `key` out of the queue; `false` when there is none, or it has run. */
  async withdraw(key: string): Promise<boolean> {
    const rows = await this.transactions.query<{ id: string | null }>(
      'SELECT id FROM graphile_worker.remove_job($1)',
      [key],
    );
    return rows.some(({ id }) => id !== null);
  }
}
