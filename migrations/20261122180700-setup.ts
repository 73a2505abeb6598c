import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The state of the first-run setup. */
export class Setup20261122180700 implements MigrationInterface {
  readonly name = 'Setup20261122180700';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`SET LOCAL statement_timeout = '60s'`);
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`SET LOCAL statement_timeout = '60s'`);
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP: readonly string[] = [];

const DOWN: readonly string[] = [];
