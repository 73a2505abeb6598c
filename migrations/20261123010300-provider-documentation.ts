import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** The documentation pages of a provider version and the archive they come from. */
export class ProviderDocumentation20261123010300 implements MigrationInterface {
  readonly name = 'ProviderDocumentation20261123010300';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [];

const DOWN: readonly string[] = [];
