import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** What the analysis of a module version found: its parts, problems and comparison. */
export class ModuleDocumentation20261123010200 implements MigrationInterface {
  readonly name = 'ModuleDocumentation20261123010200';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [];

const DOWN: readonly string[] = [];
