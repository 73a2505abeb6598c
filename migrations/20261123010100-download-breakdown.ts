import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Downloads by client version and by organization of the caller. */
export class DownloadBreakdown20261123010100 implements MigrationInterface {
  readonly name = 'DownloadBreakdown20261123010100';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE download_breakdown_daily (
    target_id uuid NOT NULL,
    day date NOT NULL,
    dimension text NOT NULL CONSTRAINT ck_download_breakdown_daily_dimension
      CHECK (dimension IN ('client', 'organization')),
    value text NOT NULL CONSTRAINT ck_download_breakdown_daily_value CHECK (value <> ''),
    downloads bigint NOT NULL,
    CONSTRAINT pk_download_breakdown_daily PRIMARY KEY (target_id, day, dimension, value)
  )`,
  `CREATE INDEX ix_download_breakdown_daily_dimension ON download_breakdown_daily (dimension, day)`,
  // Nothing but the carrying over of counts waits while this is made, and that has time.
  `CREATE INDEX ix_download_count_daily_day ON download_counts_daily (day)`,
];

const DOWN: readonly string[] = [
  'DROP INDEX ix_download_count_daily_day',
  'DROP TABLE download_breakdown_daily',
];
