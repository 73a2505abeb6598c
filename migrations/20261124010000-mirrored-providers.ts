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
];

const DOWN: readonly string[] = [
  `DROP INDEX uq_provider_address`,
  `CREATE UNIQUE INDEX uq_provider_address ON registry_providers (lower(namespace), type)`,
  `ALTER TABLE registry_providers DROP COLUMN held_back_reason, DROP COLUMN upstream_host`,
  `ALTER TABLE namespace_claims DROP COLUMN is_shared, DROP COLUMN mirrored_address`,
];
