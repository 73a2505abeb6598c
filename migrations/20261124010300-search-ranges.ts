import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** The text indexes of searches once more in ranges of ids, so that counting up to a limit ends when it is reached. */
export class SearchRanges20261124010300 implements MigrationInterface {
  readonly name = 'SearchRanges20261124010300';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const at = (byte: string): string => `'${byte}000000-0000-0000-0000-000000000000'`;

const RANGES = [
  `id < ${at('08')}`,
  `id >= ${at('08')} AND id < ${at('20')}`,
  `id >= ${at('20')} AND id < ${at('60')}`,
  `id >= ${at('60')}`,
];

const INDEXES = RANGES.flatMap((range, nr) =>
  ['head', 'body'].map((column) => ({ name: `ix_search_document_${column}_${nr}`, column, range })),
);

const UP: readonly string[] = INDEXES.map(
  ({ name, column, range }) =>
    `CREATE INDEX ${name} ON search_documents USING gin (${column}) WITH (fastupdate = off) WHERE ${range}`,
);

const DOWN: readonly string[] = INDEXES.map(({ name }) => `DROP INDEX ${name}`);
