import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** The documentation pages of a provider version and the archive they come from. */
export class ProviderDocumentation20261123010300 implements MigrationInterface {
  readonly name = 'ProviderDocumentation20261123010300';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `ALTER TABLE provider_versions
    ADD COLUMN docs_artifact_id uuid CONSTRAINT fk_provider_version_docs REFERENCES artifacts (id),
    ADD COLUMN docs_digest text,
    ADD CONSTRAINT ck_provider_version_docs CHECK ((docs_artifact_id IS NULL) = (docs_digest IS NULL))`,
  `CREATE INDEX ix_provider_version_docs ON provider_versions (docs_artifact_id)`,
  `CREATE TABLE provider_documentation (
    version_id uuid CONSTRAINT pk_provider_documentation PRIMARY KEY,
    status text NOT NULL DEFAULT 'pending',
    problems jsonb NOT NULL DEFAULT '[]',
    requested_at timestamptz,
    made_at timestamptz,
    CONSTRAINT fk_provider_documentation_version FOREIGN KEY (version_id)
      REFERENCES provider_versions (id) ON DELETE CASCADE,
    CONSTRAINT ck_provider_documentation_status CHECK (status IN ('pending', 'ready', 'failed'))
  )`,
  `CREATE INDEX ix_provider_documentation_requested ON provider_documentation (requested_at, version_id)
    WHERE requested_at IS NOT NULL`,
  `CREATE TABLE provider_documentation_pages (
    version_id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    subcategory text NOT NULL,
    description text NOT NULL,
    html text NOT NULL,
    path text NOT NULL,
    position integer NOT NULL,
    CONSTRAINT pk_provider_documentation_page PRIMARY KEY (version_id, kind, name),
    CONSTRAINT fk_provider_documentation_page FOREIGN KEY (version_id)
      REFERENCES provider_documentation (version_id) ON DELETE CASCADE,
    CONSTRAINT ck_provider_documentation_page_kind CHECK
      (kind IN ('index', 'resources', 'data-sources', 'functions', 'guides', 'ephemeral-resources'))
  )`,
];

const DOWN: readonly string[] = [
  `DROP TABLE provider_documentation_pages`,
  `DROP TABLE provider_documentation`,
  `ALTER TABLE provider_versions DROP COLUMN docs_artifact_id, DROP COLUMN docs_digest`,
];
