import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One row per running job worker, so that the jobs of a worker that was killed can be given to another. */
export class JobHeartbeats20261122120100 implements MigrationInterface {
  readonly name = 'JobHeartbeats20261122120100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`SET LOCAL statement_timeout = '60s'`);
    await runner.query(`CREATE TABLE job_heartbeats (
      worker_id text CONSTRAINT pk_job_heartbeat PRIMARY KEY,
      replica_id text NOT NULL,
      started_at timestamptz NOT NULL DEFAULT now(),
      beat_at timestamptz NOT NULL DEFAULT now()
    )`);
    await runner.query(`CREATE INDEX ix_job_heartbeat_beat ON job_heartbeats (beat_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`SET LOCAL statement_timeout = '60s'`);
    await runner.query(`DROP TABLE job_heartbeats`);
  }
}
