import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/**
 * Providers of other registries beside those published here: the host of the upstream is part of their address, and
 * each has a claim of its own that says who may read it.
 */
export class MirroredProviders20261124010000 implements MigrationInterface {
  readonly name = 'MirroredProviders20261124010000';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `ALTER TABLE namespace_claims
    ADD COLUMN mirrored_address text COLLATE "C",
    ADD COLUMN is_shared boolean NOT NULL DEFAULT false`,
  `CREATE INDEX ix_namespace_claim_mirrored ON namespace_claims (mirrored_address, created_at)
    WHERE mirrored_address IS NOT NULL`,
  `ALTER TABLE registry_providers
    ADD COLUMN upstream_host text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN held_back_reason text`,
  `DROP INDEX uq_provider_address`,
  `CREATE UNIQUE INDEX uq_provider_address ON registry_providers (lower(namespace), type, upstream_host)`,
  `ALTER TABLE search_documents ADD COLUMN readers text COLLATE "C",
    DROP CONSTRAINT ck_search_document_visibility,
    ADD CONSTRAINT ck_search_document_visibility CHECK (visibility IN ('private', 'public', 'default', 'shared'))`,
  `CREATE INDEX ix_search_document_readers ON search_documents (readers) WHERE readers IS NOT NULL`,
];

const MIRRORED = `SELECT id FROM registry_providers WHERE upstream_host <> ''`;
const THEIR_VERSIONS = `SELECT id FROM provider_versions WHERE provider_id IN (${MIRRORED})`;

/** The old schema has no place for what mirrors brought; the sweep removes its objects. */
const DOWN: readonly string[] = [
  `DELETE FROM protocol_documents WHERE position('/' IN namespace) > 0`,
  `DELETE FROM search_documents WHERE readers IS NOT NULL`,
  `DELETE FROM provider_packages WHERE version_id IN (${THEIR_VERSIONS})`,
  `DELETE FROM provider_versions WHERE provider_id IN (${MIRRORED})`,
  `DELETE FROM registry_providers WHERE upstream_host <> ''`,
  `DELETE FROM namespace_claims WHERE mirrored_address IS NOT NULL`,
  `ALTER TABLE search_documents DROP CONSTRAINT ck_search_document_visibility,
    ADD CONSTRAINT ck_search_document_visibility CHECK (visibility IN ('private', 'public', 'default'))`,
  `ALTER TABLE search_documents DROP COLUMN readers`,
  `DROP INDEX uq_provider_address`,
  `CREATE UNIQUE INDEX uq_provider_address ON registry_providers (lower(namespace), type)`,
  `ALTER TABLE registry_providers DROP COLUMN held_back_reason, DROP COLUMN upstream_host`,
  `ALTER TABLE namespace_claims DROP COLUMN is_shared, DROP COLUMN mirrored_address`,
];
