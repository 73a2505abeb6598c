import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users and local accounts: what sign-in needs beside the first schema. */
export class People20261122180000 implements MigrationInterface {
  readonly name = 'People20261122180000';

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
