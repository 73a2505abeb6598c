import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Stored storage configurations, and where the objects of a protocol document are. */
export class StorageConfigurations20261122210000 implements MigrationInterface {
  readonly name = 'StorageConfigurations20261122210000';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE storage_configurations (
    id uuid CONSTRAINT pk_storage_configuration PRIMARY KEY DEFAULT gen_random_uuid(),
    backend_type text NOT NULL
      CONSTRAINT ck_storage_configuration_type CHECK (backend_type IN ('local', 'azure', 's3', 'gcs')),
    settings jsonb NOT NULL,
    secrets_box bytea,
    is_active boolean NOT NULL DEFAULT false,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX uq_storage_configuration_active ON storage_configurations (is_active) WHERE is_active`,
  `CREATE INDEX ix_artifact_key ON artifacts (key)`,
  `ALTER TABLE protocol_documents ADD COLUMN artifact_keys text[] NOT NULL DEFAULT '{}'`,
  `UPDATE protocol_documents SET artifact_keys = ARRAY(
      SELECT found[1] FROM regexp_matches(body, chr(1) || '\\{"key":"([^"]+)"', 'g') AS found)
    WHERE position(chr(1) IN body) > 0`,
  `CREATE FUNCTION artifact_storages(keys text[]) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(
      (SELECT a.storage FROM artifacts a WHERE a.key = wanted.key AND a.state = 'committed'
       ORDER BY a.committed_at DESC, a.storage LIMIT 1) ORDER BY wanted.position)
    FROM unnest(keys) WITH ORDINALITY AS wanted (key, position) $$`,
];

const DOWN: readonly string[] = [
  `DROP FUNCTION artifact_storages(text[])`,
  `ALTER TABLE protocol_documents DROP COLUMN artifact_keys`,
  `DROP INDEX ix_artifact_key`,
  `DROP TABLE storage_configurations`,
];
