import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Pipelines that may publish without a stored secret, and the tokens they have used. */
export class TrustedPublishers20261122180400 implements MigrationInterface {
  readonly name = 'TrustedPublishers20261122180400';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE trusted_publishers (
    id uuid CONSTRAINT pk_trusted_publisher PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL
      CONSTRAINT fk_trusted_publisher_organization REFERENCES organizations (id) ON DELETE CASCADE,
    issuer text NOT NULL,
    subject_kind text NOT NULL
      CONSTRAINT ck_trusted_publisher_kind CHECK (subject_kind IN ('github', 'gitlab', 'azuredevops', 'generic')),
    claims jsonb NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX ix_trusted_publisher_organization ON trusted_publishers (organization_id)`,
  `CREATE INDEX ix_trusted_publisher_issuer ON trusted_publishers (issuer)`,
  `CREATE TABLE trusted_publisher_namespaces (
    publisher_id uuid NOT NULL
      CONSTRAINT fk_trusted_publisher_namespace REFERENCES trusted_publishers (id) ON DELETE CASCADE,
    folded_name text NOT NULL,
    name text NOT NULL,
    CONSTRAINT pk_trusted_publisher_namespace PRIMARY KEY (publisher_id, folded_name)
  )`,
  `CREATE INDEX ix_trusted_publisher_namespace_name ON trusted_publisher_namespaces (folded_name)`,
  `CREATE TABLE used_token_ids (
    digest bytea CONSTRAINT pk_used_token_id PRIMARY KEY,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX ix_used_token_id_expiry ON used_token_ids (expires_at)`,
  `ALTER TABLE api_keys ADD CONSTRAINT fk_api_key_trusted_publisher
    FOREIGN KEY (trusted_publisher_id) REFERENCES trusted_publishers (id) ON DELETE CASCADE`,
  `CREATE INDEX ix_api_key_trusted_publisher ON api_keys (trusted_publisher_id)
    WHERE trusted_publisher_id IS NOT NULL`,
  `ALTER TABLE module_versions ADD COLUMN published_from jsonb`,
  `ALTER TABLE provider_versions ADD COLUMN published_from jsonb`,
];

const DOWN: readonly string[] = [
  `ALTER TABLE provider_versions DROP COLUMN published_from`,
  `ALTER TABLE module_versions DROP COLUMN published_from`,
  `DROP INDEX ix_api_key_trusted_publisher`,
  `ALTER TABLE api_keys DROP CONSTRAINT fk_api_key_trusted_publisher`,
  `DROP TABLE used_token_ids`,
  `DROP TABLE trusted_publisher_namespaces`,
  `DROP TABLE trusted_publishers`,
];
