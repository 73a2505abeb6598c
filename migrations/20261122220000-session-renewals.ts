import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** With what the identity provider of a session is asked again, and when it was asked last. */
export class SessionRenewals20261122220000 implements MigrationInterface {
  readonly name = 'SessionRenewals20261122220000';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `ALTER TABLE sessions ADD COLUMN refresh_token bytea, ADD COLUMN groups_asked_at timestamptz`,
  `CREATE INDEX ix_session_groups_asked ON sessions (groups_asked_at) WHERE refresh_token IS NOT NULL`,
];

const DOWN: readonly string[] = [
  `ALTER TABLE sessions DROP COLUMN groups_asked_at, DROP COLUMN refresh_token`,
];
