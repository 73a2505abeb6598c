import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Authorization codes of terraform login. */
export class TerraformLogin20261122180600 implements MigrationInterface {
  readonly name = 'TerraformLogin20261122180600';

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
