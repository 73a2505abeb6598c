import type { Pool } from 'pg';

/**
 * Rows that say which job workers are alive. The queue itself would keep the jobs of a killed process locked for
 * four hours; whoever sees that a row stopped beating, or that jobs are locked by nobody known, frees them.
 */
export class JobHeartbeats {
  private timer: NodeJS.Timeout | undefined;

  /** A worker counts as dead after two thirds of `leaseMs`, so that its jobs run again within the lease. */
  constructor(
    private readonly pool: Pool,
    private readonly workerId: string,
    private readonly replicaId: string,
    private readonly leaseMs: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Writes the first beat, frees what dead workers held, and goes on doing both until `stop`. */
  async start(): Promise<void> {
    await this.beat();
    this.scheduleNext();
  }

  /** Removes the row of this worker, which holds no jobs any more. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.pool.query('DELETE FROM job_heartbeats WHERE worker_id = $1', [this.workerId]);
  }

  private scheduleNext(): void {
    const timer = setTimeout(() => {
      this.beat()
        .catch(this.onError)
        .finally(() => {
          if (this.timer === timer) this.scheduleNext();
        });
    }, this.leaseMs / 6);
    timer.unref();
    this.timer = timer;
  }

  private async beat(): Promise<void> {
    await this.pool.query(
      `INSERT INTO job_heartbeats (worker_id, replica_id) VALUES ($1, $2)
       ON CONFLICT (worker_id) DO UPDATE SET beat_at = now()`,
      [this.workerId, this.replicaId],
    );
    await this.pool.query(
      `WITH dead AS (
         DELETE FROM job_heartbeats WHERE beat_at < now() - $1 * interval '1 millisecond' RETURNING worker_id
       ), unknown AS (
         SELECT DISTINCT locked_by FROM graphile_worker.jobs
         WHERE locked_at < now() - $1 * interval '1 millisecond'
           AND locked_by NOT IN (SELECT worker_id FROM job_heartbeats)
       )
       SELECT graphile_worker.force_unlock_workers(
         ARRAY(SELECT worker_id FROM dead UNION SELECT locked_by FROM unknown))`,
      [Math.round((this.leaseMs * 2) / 3)],
    );
  }
}
