import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** What is known about the bytes of artifacts, the cycles that find it out, and the epochs of storages. */
export class Scrub20261122210200 implements MigrationInterface {
  readonly name = 'Scrub20261122210200';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `ALTER TABLE artifacts
    ADD COLUMN verified_at timestamptz,
    ADD COLUMN unread_since timestamptz,
    ADD COLUMN damaged_at timestamptz,
    ADD COLUMN damage text,
    ADD COLUMN repair_tried_at timestamptz,
    ADD COLUMN repair_result text`,
  `ALTER TABLE artifacts ADD CONSTRAINT ck_artifact_damage CHECK ((damaged_at IS NULL) = (damage IS NULL))`,
  `CREATE INDEX ix_artifact_verified ON artifacts (storage, coalesce(verified_at, committed_at, staged_at), id)
    WHERE state = 'committed'`,
  `CREATE INDEX ix_artifact_damaged ON artifacts (damaged_at, id) WHERE damaged_at IS NOT NULL`,
  `CREATE INDEX ix_artifact_digest ON artifacts USING hash (digest)`,
  `CREATE TABLE storage_scrubs (
    storage text CONSTRAINT pk_storage_scrub PRIMARY KEY,
    cycle_started_at timestamptz,
    cycle_ended_at timestamptz,
    last_full_cycle_at timestamptz,
    objects bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    damaged bigint NOT NULL DEFAULT 0,
    repaired bigint NOT NULL DEFAULT 0,
    problem text,
    retry_at timestamptz,
    lease_holder uuid,
    lease_until timestamptz
  )`,
  `CREATE TABLE storage_epochs (
    id uuid CONSTRAINT pk_storage_epoch PRIMARY KEY DEFAULT gen_random_uuid(),
    storage text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX ix_storage_epoch ON storage_epochs (storage, began_at)`,
];

const DOWN: readonly string[] = [
  `DROP TABLE storage_epochs`,
  `DROP TABLE storage_scrubs`,
  `DROP INDEX ix_artifact_digest`,
  `DROP INDEX ix_artifact_damaged`,
  `DROP INDEX ix_artifact_verified`,
  `ALTER TABLE artifacts DROP CONSTRAINT ck_artifact_damage`,
  `ALTER TABLE artifacts
    DROP COLUMN repair_result, DROP COLUMN repair_tried_at, DROP COLUMN damage, DROP COLUMN damaged_at,
    DROP COLUMN unread_since, DROP COLUMN verified_at`,
];
