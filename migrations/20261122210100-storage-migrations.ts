import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Moves of all objects of one storage to another, and the objects that could not be moved so far. */
export class StorageMigrations20261122210100 implements MigrationInterface {
  readonly name = 'StorageMigrations20261122210100';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE storage_migrations (
    id uuid CONSTRAINT pk_storage_migration PRIMARY KEY DEFAULT gen_random_uuid(),
    source text NOT NULL,
    target text NOT NULL,
    state text NOT NULL CONSTRAINT ck_storage_migration_state CHECK
      (state IN ('planned', 'running', 'paused', 'verifying', 'completed', 'failed', 'cancelled')),
    reads_back boolean NOT NULL,
    objects_total bigint NOT NULL,
    bytes_total bigint NOT NULL,
    objects_copied bigint NOT NULL DEFAULT 0,
    bytes_copied bigint NOT NULL DEFAULT 0,
    objects_verified bigint NOT NULL DEFAULT 0,
    bytes_verified bigint NOT NULL DEFAULT 0,
    verified_up_to text,
    bytes_per_second bigint NOT NULL DEFAULT 0,
    lease_holder text,
    lease_token bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    wait_until timestamptz,
    waits integer NOT NULL DEFAULT 0,
    last_error text,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT ck_storage_migration_storages CHECK (source <> target)
  )`,
  `CREATE UNIQUE INDEX uq_storage_migration_open ON storage_migrations (source)
    WHERE state IN ('planned', 'running', 'paused', 'verifying')`,
  `CREATE INDEX ix_storage_migration_created ON storage_migrations (created_at)`,
  `CREATE TABLE storage_migration_failures (
    migration_id uuid NOT NULL
      CONSTRAINT fk_storage_migration_failure_migration REFERENCES storage_migrations (id) ON DELETE CASCADE,
    key text NOT NULL,
    phase text NOT NULL CONSTRAINT ck_storage_migration_failure_phase CHECK (phase IN ('copy', 'verify')),
    reason text NOT NULL,
    message text NOT NULL,
    attempts integer NOT NULL,
    next_attempt_at timestamptz,
    failed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_storage_migration_failure PRIMARY KEY (migration_id, key)
  )`,
];

const DOWN: readonly string[] = [`DROP TABLE storage_migration_failures`, `DROP TABLE storage_migrations`];
