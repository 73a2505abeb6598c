import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Pipelines that may publish without a stored secret, and the tokens they have used. */
export class TrustedPublishers20261122180400 implements MigrationInterface {
  readonly name = 'TrustedPublishers20261122180400';

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
