import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/**
 * Splits the rows of searches by their ids, which are random, into parts that are each three times the one before. Every
 * part has text indexes of its own, so that counting up to a limit ends when it is reached.
 */
export class SearchPartitions20261125010100 implements MigrationInterface {
  readonly name = 'SearchPartitions20261125010100';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const at = (byte: string): string => `'${byte}000000-0000-0000-0000-000000000000'`;

const PARTS = [
  ['MINVALUE', at('08')],
  [at('08'), at('20')],
  [at('20'), at('60')],
  [at('60'), 'MAXVALUE'],
];

const STORAGE = `fillfactor = 90, autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05`;

/** Puts all rows into a new table, which `made` makes in the form of the one before, and takes that one away. */
const copied = (made: readonly string[]): readonly string[] => [
  `SET LOCAL statement_timeout = '10min'`,
  `LOCK TABLE search_documents, search_downloads IN ACCESS EXCLUSIVE MODE`,
  `ALTER TABLE search_downloads DROP CONSTRAINT fk_search_download_document`,
  `ALTER TABLE search_documents RENAME TO search_documents_before`,
  ...made,
  `ALTER TABLE search_documents ALTER COLUMN body SET STORAGE EXTERNAL`,
  `INSERT INTO search_documents SELECT * FROM search_documents_before`,
  `DROP TABLE search_documents_before`,
  `ALTER TABLE search_documents ADD CONSTRAINT pk_search_document PRIMARY KEY (id),
    ADD CONSTRAINT fk_search_document_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL`,
  `ALTER TABLE search_downloads ADD CONSTRAINT fk_search_download_document
    FOREIGN KEY (document_id) REFERENCES search_documents (id) ON DELETE CASCADE`,
  `CREATE INDEX ix_search_document_created ON search_documents (created_at, id)`,
  `CREATE INDEX ix_search_document_updated ON search_documents (updated_at, id)`,
  `CREATE INDEX ix_search_document_name ON search_documents (folded_name, id)`,
  `CREATE INDEX ix_search_document_namespace ON search_documents (folded_namespace, created_at, id)`,
  `CREATE INDEX ix_search_document_organization ON search_documents (organization_id, created_at, id)`,
  `CREATE INDEX ix_search_document_visibility ON search_documents (visibility, created_at, id)`,
  `CREATE INDEX ix_search_document_system ON search_documents (system, created_at, id)`,
  `CREATE INDEX ix_search_document_created_by ON search_documents (created_by)`,
  `CREATE INDEX ix_search_document_readers ON search_documents (readers) WHERE readers IS NOT NULL`,
  `CREATE INDEX ix_search_document_providers ON search_documents USING gin (provider_names) WITH (fastupdate = off)`,
  `CREATE INDEX ix_search_document_head ON search_documents USING gin (head) WITH (fastupdate = off)`,
  `CREATE INDEX ix_search_document_body ON search_documents USING gin (body) WITH (fastupdate = off)`,
];

const UP: readonly string[] = [
  ...copied([
    `CREATE TABLE search_documents (LIKE search_documents_before INCLUDING CONSTRAINTS) PARTITION BY RANGE (id)`,
    ...PARTS.map(
      ([from, to], nr) =>
        `CREATE TABLE search_documents_${nr} PARTITION OF search_documents FOR VALUES FROM (${from}) TO (${to})
          WITH (${STORAGE})`,
    ),
  ]),
  `ANALYZE search_documents`,
];

const DOWN: readonly string[] = [
  ...copied([
    `CREATE TABLE search_documents (LIKE search_documents_before INCLUDING CONSTRAINTS) WITH (${STORAGE})`,
    `ALTER TABLE search_documents ALTER COLUMN head SET STATISTICS 1000, ALTER COLUMN body SET STATISTICS 1000`,
  ]),
  ...PARTS.flatMap(([from, to], nr) => {
    const range = [
      ...(from === 'MINVALUE' ? [] : [`id >= ${from}`]),
      ...(to === 'MAXVALUE' ? [] : [`id < ${to}`]),
    ].join(' AND ');
    return ['head', 'body'].map(
      (column) =>
        `CREATE INDEX ix_search_document_${column}_${nr} ON search_documents USING gin (${column})
          WITH (fastupdate = off) WHERE ${range}`,
    );
  }),
];
