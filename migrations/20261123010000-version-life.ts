import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Withdrawn and quarantined versions, and the artifacts nobody is given meanwhile. */
export class VersionLife20261123010000 implements MigrationInterface {
  readonly name = 'VersionLife20261123010000';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  ...addColumns('module_versions', 'module_version'),
  ...addColumns('provider_versions', 'provider_version'),
  `CREATE INDEX ix_module_version_digest ON module_versions (digest)`,
  `CREATE INDEX ix_provider_type ON registry_providers (type)`,
  `CREATE TABLE quarantined_artifacts (
    key text CONSTRAINT pk_quarantined_artifact PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
  )`,
  `INSERT INTO quarantined_artifacts (key)
    SELECT a.key FROM artifacts a
    WHERE a.id IN (${usedBy(`v.state = 'quarantined'`)}) AND a.id NOT IN (${usedBy(`v.state IN ('active', 'withdrawn')`)})
    ON CONFLICT DO NOTHING`,
];

const DOWN: readonly string[] = [
  `DROP TABLE quarantined_artifacts`,
  `DROP INDEX ix_provider_type`,
  `DROP INDEX ix_module_version_digest`,
  `ALTER TABLE provider_versions DROP COLUMN quarantined_at, DROP COLUMN withdraw_reason, DROP COLUMN withdraw_mode`,
  `ALTER TABLE module_versions DROP COLUMN quarantined_at, DROP COLUMN withdraw_reason, DROP COLUMN withdraw_mode`,
];

/** A compromised key has put versions into quarantine before there was a time for it. */
function addColumns(table: string, row: string): string[] {
  return [
    `ALTER TABLE ${table}
      ADD COLUMN withdraw_mode text
        CONSTRAINT ck_${row}_withdraw_mode CHECK (withdraw_mode IN ('hide', 'refuse')),
      ADD COLUMN withdraw_reason text,
      ADD COLUMN quarantined_at timestamptz`,
    `UPDATE ${table} SET quarantined_at = now() WHERE state = 'quarantined'`,
    `UPDATE ${table} SET withdraw_mode = 'refuse', withdraw_reason = state_reason WHERE state = 'withdrawn'`,
  ];
}

/** A query for the ids of the artifacts of versions (`v`) that fulfil `condition`. */
function usedBy(condition: string): string {
  return `
    SELECT v.artifact_id FROM module_versions v WHERE v.artifact_id IS NOT NULL AND ${condition}
    UNION ALL SELECT v.shasums_artifact_id FROM provider_versions v
      WHERE v.shasums_artifact_id IS NOT NULL AND ${condition}
    UNION ALL SELECT v.signature_artifact_id FROM provider_versions v
      WHERE v.signature_artifact_id IS NOT NULL AND ${condition}
    UNION ALL SELECT p.artifact_id FROM provider_packages p JOIN provider_versions v ON v.id = p.version_id
      WHERE p.artifact_id IS NOT NULL AND ${condition}`;
}
