import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ExtensionMissing } from '../src/platform/database/database.errors.js';
import { runStatements } from './run-statements.js';

const NEEDS_TRIGRAMS =
  'The database has no extension pg_trgm, which searches need, and the user of the registry may not create it. ' +
  'Run CREATE EXTENSION pg_trgm in this database as an administrator, then start again. ' +
  'It is part of the package "contrib" of PostgreSQL.';

/** One row for each module and provider, prepared for searches. */
export class SearchDocuments20261123010400 implements MigrationInterface {
  readonly name = 'SearchDocuments20261123010400';

  async up(runner: QueryRunner): Promise<void> {
    await addTrigrams(runner);
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

/** The extension is a trusted one: whoever may create objects in the database may create it. */
async function addTrigrams(runner: QueryRunner): Promise<void> {
  const [found] = (await runner.query(`SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'`)) as unknown[];
  if (found !== undefined) return;
  await runStatements(runner, []);
  try {
    await runner.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
  } catch (error) {
    throw new ExtensionMissing(NEEDS_TRIGRAMS, { cause: error });
  }
}

const UP: readonly string[] = [
  `CREATE TABLE search_documents (
    id uuid CONSTRAINT pk_search_document PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_search_document_kind CHECK (kind IN ('module', 'provider')),
    organization_id uuid NOT NULL,
    visibility text NOT NULL
      CONSTRAINT ck_search_document_visibility CHECK (visibility IN ('private', 'public', 'default')),
    namespace text NOT NULL,
    folded_namespace text COLLATE "C" NOT NULL,
    name text NOT NULL,
    folded_name text COLLATE "C" NOT NULL,
    system text,
    description text,
    source text,
    created_by uuid CONSTRAINT fk_search_document_created_by REFERENCES users (id) ON DELETE SET NULL,
    created_by_name text,
    latest_version text NOT NULL,
    latest_published_at timestamptz,
    versions integer NOT NULL,
    is_deprecated boolean NOT NULL,
    is_verified boolean NOT NULL,
    provider_names text[] NOT NULL,
    created_at timestamptz(3) NOT NULL,
    updated_at timestamptz(3) NOT NULL,
    haystack text COLLATE "C" NOT NULL,
    head tsvector NOT NULL,
    body tsvector NOT NULL
  )`,
  `ALTER TABLE search_documents SET (fillfactor = 90, autovacuum_analyze_scale_factor = 0.02,
    autovacuum_vacuum_scale_factor = 0.05)`,
  `ALTER TABLE search_documents ALTER COLUMN head SET STATISTICS 1000, ALTER COLUMN body SET STATISTICS 1000,
    ALTER COLUMN body SET STORAGE EXTERNAL`,
  `CREATE INDEX ix_search_document_created ON search_documents (created_at, id)`,
  `CREATE INDEX ix_search_document_updated ON search_documents (updated_at, id)`,
  `CREATE INDEX ix_search_document_name ON search_documents (folded_name, id)`,
  `CREATE INDEX ix_search_document_namespace ON search_documents (folded_namespace, created_at, id)`,
  `CREATE INDEX ix_search_document_organization ON search_documents (organization_id, created_at, id)`,
  `CREATE INDEX ix_search_document_visibility ON search_documents (visibility, created_at, id)`,
  `CREATE INDEX ix_search_document_system ON search_documents (system, created_at, id)`,
  `CREATE INDEX ix_search_document_created_by ON search_documents (created_by)`,
  `CREATE INDEX ix_search_document_providers ON search_documents USING gin (provider_names) WITH (fastupdate = off)`,
  `CREATE INDEX ix_search_document_head ON search_documents USING gin (head) WITH (fastupdate = off)`,
  `CREATE INDEX ix_search_document_body ON search_documents USING gin (body) WITH (fastupdate = off)`,
  `CREATE TABLE search_downloads (
    document_id uuid CONSTRAINT pk_search_download PRIMARY KEY
      CONSTRAINT fk_search_download_document REFERENCES search_documents (id) ON DELETE CASCADE,
    downloads bigint NOT NULL
  )`,
  `CREATE INDEX ix_search_download_downloads ON search_downloads (downloads, document_id)`,
  `CREATE TABLE search_words (word text COLLATE "C" CONSTRAINT pk_search_word PRIMARY KEY)`,
  `CREATE INDEX ix_search_word_trigrams ON search_words USING gin (word gin_trgm_ops) WITH (fastupdate = off)`,
];

const DOWN: readonly string[] = ['search_words', 'search_downloads', 'search_documents'].map(
  (table) => `DROP TABLE ${table}`,
);
