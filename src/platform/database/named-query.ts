import type { PoolClient, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';
import { mapDatabaseError } from './pg-errors.js';
import { Transactions } from './transactions.js';

/**
 * One statement that PostgreSQL parses once per connection: for paths where mapping to entities would cost more
 * than the query. It joins the surrounding transaction.
 */
export class NamedQuery<Row extends QueryResultRow> {
  constructor(
    private readonly dataSource: DataSource,
    private readonly name: string,
    private readonly text: string,
  ) {}

  /** Runs the statement. Throws DatabaseUnavailable for timeouts and lost connections. */
  async run(values: readonly unknown[]): Promise<Row[]> {
    const query = { name: this.name, text: this.text, values: [...values] };
    const runner = Transactions.managerOf(this.dataSource).queryRunner;
    try {
      const client = runner ? ((await runner.connect()) as PoolClient) : poolOf(this.dataSource);
      return (await client.query<Row>(query)).rows;
    } catch (error) {
      throw mapDatabaseError(error);
    }
  }
}
