import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Transactions } from '../../database/transactions.js';

interface ColumnNames {
  readonly table: string;
  readonly id: string;
  readonly column: string;
}

/** Reads and replaces sealed boxes wherever they are; the names come from the code, never from input. */
@Injectable()
export class SealedColumnsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The boxes after this id, in the order of ids. */
  list(
    { table, id, column }: ColumnNames,
    after: string,
    limit: number,
  ): Promise<{ id: string; box: Buffer }[]> {
    return Transactions.managerOf(this.dataSource).query(
      `SELECT ${id}::text AS id, ${column} AS box FROM ${table}
       WHERE ${column} IS NOT NULL AND ${id}::text COLLATE "C" > $1 ORDER BY ${id}::text COLLATE "C" LIMIT $2`,
      [after, limit],
    );
  }

  /** Replaces a box unless it changed meanwhile; whether it did. */
  async replace(
    { table, id, column }: ColumnNames,
    rowId: string,
    from: Buffer,
    to: Buffer,
  ): Promise<boolean> {
    const [rows]: [unknown[], number] = await Transactions.managerOf(this.dataSource).query(
      `UPDATE ${table} SET ${column} = $3 WHERE ${id}::text = $1 AND ${column} = $2 RETURNING 1`,
      [rowId, from, to],
    );
    return rows.length > 0;
  }
}
