import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Token buckets that several processes share. */
export class RateLimits20261122180800 implements MigrationInterface {
  readonly name = 'RateLimits20261122180800';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE UNLOGGED TABLE rate_limit_buckets (
    key text CONSTRAINT pk_rate_limit_bucket PRIMARY KEY,
    tokens double precision NOT NULL,
    had double precision NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE INDEX ix_rate_limit_bucket_updated ON rate_limit_buckets (updated_at)`,
];

const DOWN: readonly string[] = [`DROP TABLE rate_limit_buckets`];
