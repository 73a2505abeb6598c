import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** One row for each module and provider, prepared for searches. */
export class SearchDocuments20261123010400 implements MigrationInterface {
  readonly name = 'SearchDocuments20261123010400';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [];

const DOWN: readonly string[] = [];
