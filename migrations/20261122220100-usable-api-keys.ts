import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Lets a revoked key be looked up in the time of one that nobody issued: neither is in this index. */
export class UsableApiKeys20261122220100 implements MigrationInterface {
  readonly name = 'UsableApiKeys20261122220100';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE UNIQUE INDEX uq_api_key_usable ON api_keys (key_digest) WHERE revoked_at IS NULL`,
];

const DOWN: readonly string[] = [`DROP INDEX uq_api_key_usable`];
