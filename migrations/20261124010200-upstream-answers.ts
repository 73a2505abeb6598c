import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** What upstreams answered lately, and who is asking: one question for all processes. */
export class UpstreamAnswers20261124010200 implements MigrationInterface {
  readonly name = 'UpstreamAnswers20261124010200';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, ['DROP TABLE upstream_answers']);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE upstream_answers (
    question text COLLATE "C" CONSTRAINT pk_upstream_answer PRIMARY KEY,
    lease_token bigint NOT NULL DEFAULT 1,
    lease_until timestamptz,
    answer jsonb,
    expires_at timestamptz
  )`,
  `CREATE INDEX ix_upstream_answer_expires ON upstream_answers (expires_at)`,
];
