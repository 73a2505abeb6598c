import type { QueryRunner } from 'typeorm';

/** Runs the statements of a migration. It never waits long for a lock that running servers hold, nor holds one long. */
export async function runStatements(runner: QueryRunner, statements: readonly string[]): Promise<void> {
  await runner.query(`SET LOCAL lock_timeout = '5s'`);
  await runner.query(`SET LOCAL statement_timeout = '60s'`);
  for (const statement of statements) await runner.query(statement);
}
