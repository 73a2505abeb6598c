import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** The state of the first-run setup. */
export class Setup20261122180700 implements MigrationInterface {
  readonly name = 'Setup20261122180700';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE setup_state (
    id smallint CONSTRAINT pk_setup_state PRIMARY KEY CONSTRAINT ck_setup_state CHECK (id = 1),
    token_digest bytea,
    token_created_at timestamptz,
    storage_configured_at timestamptz,
    completed_at timestamptz
  )`,
  `INSERT INTO setup_state (id) VALUES (1)`,
];

const DOWN: readonly string[] = [`DROP TABLE setup_state`];
