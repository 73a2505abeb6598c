import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Withdrawn and quarantined versions, and the artifacts nobody is given meanwhile. */
export class VersionLife20261123010000 implements MigrationInterface {
  readonly name = 'VersionLife20261123010000';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [];

const DOWN: readonly string[] = [];
