import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Organizations, memberships, roles and claims: what administration needs beside the first schema. */
export class Memberships20261122180050 implements MigrationInterface {
  readonly name = 'Memberships20261122180050';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

/** What keeps its row when the organization goes: claims, and the tombstones of what was deleted. */
const OUTLIVES = [
  ['namespace_claims', 'fk_namespace_claim_organization'],
  ['registry_modules', 'fk_module_organization'],
  ['registry_providers', 'fk_provider_organization'],
] as const;

const reference = (table: string, constraint: string, onDelete: string): string =>
  `ALTER TABLE ${table} DROP CONSTRAINT ${constraint},
    ADD CONSTRAINT ${constraint} FOREIGN KEY (organization_id) REFERENCES organizations (id) ${onDelete}`;

const UP: readonly string[] = [
  `ALTER TABLE memberships
    ADD COLUMN source text NOT NULL DEFAULT 'manual'
      CONSTRAINT ck_membership_source CHECK (source IN ('manual', 'mapped'))`,
  reference('memberships', 'fk_membership_organization', 'ON DELETE CASCADE'),
  `CREATE INDEX ix_membership_role_template ON memberships (role_template_id)`,
  `CREATE UNIQUE INDEX uq_organization_folded_name ON organizations (lower(replace(name, '_', '-')))`,
  ...OUTLIVES.flatMap(([table, constraint]) => [
    `ALTER TABLE ${table} ALTER COLUMN organization_id DROP NOT NULL`,
    reference(table, constraint, 'ON DELETE SET NULL'),
  ]),
  `ALTER TABLE registry_modules
    ADD CONSTRAINT ck_module_organization CHECK (organization_id IS NOT NULL OR deleted_at IS NOT NULL)`,
  `ALTER TABLE registry_providers
    ADD CONSTRAINT ck_provider_organization CHECK (organization_id IS NOT NULL OR deleted_at IS NOT NULL)`,
  `ALTER TABLE signing_keys DROP CONSTRAINT fk_signing_key_claim,
    ADD CONSTRAINT fk_signing_key_claim FOREIGN KEY (claim_id) REFERENCES namespace_claims (id) ON DELETE CASCADE`,
];

/** The old schema has no place for claims and tombstones without an organization: the default one gets them. */
const DOWN: readonly string[] = [
  `ALTER TABLE signing_keys DROP CONSTRAINT fk_signing_key_claim,
    ADD CONSTRAINT fk_signing_key_claim FOREIGN KEY (claim_id) REFERENCES namespace_claims (id)`,
  `ALTER TABLE registry_providers DROP CONSTRAINT ck_provider_organization`,
  `ALTER TABLE registry_modules DROP CONSTRAINT ck_module_organization`,
  ...OUTLIVES.toReversed().flatMap(([table, constraint]) => [
    `UPDATE ${table} SET organization_id = (SELECT id FROM organizations WHERE is_default)
     WHERE organization_id IS NULL`,
    reference(table, constraint, ''),
    `ALTER TABLE ${table} ALTER COLUMN organization_id SET NOT NULL`,
  ]),
  `DROP INDEX uq_organization_folded_name`,
  `DROP INDEX ix_membership_role_template`,
  reference('memberships', 'fk_membership_organization', ''),
  `ALTER TABLE memberships DROP COLUMN source`,
];
