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

const UP: readonly string[] = [];

const DOWN: readonly string[] = [];
