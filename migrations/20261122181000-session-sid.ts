import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** The session at the identity provider, which its back-channel logout names. */
export class SessionSid20261122181000 implements MigrationInterface {
  readonly name = 'SessionSid20261122181000';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `ALTER TABLE sessions ADD COLUMN sid text`,
  `CREATE INDEX ix_session_sid ON sessions (sid)`,
];

const DOWN: readonly string[] = [`ALTER TABLE sessions DROP COLUMN sid`];
