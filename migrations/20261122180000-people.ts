import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Users and local accounts: what sign-in needs beside the first schema. */
export class People20261122180000 implements MigrationInterface {
  readonly name = 'People20261122180000';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

/** Table, constraint and column of each reference to a user: what ends with the user, and what stays without. */
const REFERENCES: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  CASCADE: [['memberships', 'fk_membership_user', 'user_id']],
  'SET NULL': [
    ['registry_modules', 'fk_module_created_by', 'created_by'],
    ['module_versions', 'fk_module_version_published_by', 'published_by'],
    ['registry_providers', 'fk_provider_created_by', 'created_by'],
    ['provider_versions', 'fk_provider_version_published_by', 'published_by'],
  ],
};

const referenceTo =
  (onDelete: string) =>
  ([table, constraint, column]: readonly [string, string, string]): string =>
    `ALTER TABLE ${table} DROP CONSTRAINT ${constraint},
      ADD CONSTRAINT ${constraint} FOREIGN KEY (${column}) REFERENCES users (id) ${onDelete}`;

const UP: readonly string[] = [
  `ALTER TABLE users
    ADD COLUMN oidc_issuer text,
    ADD COLUMN setup_administrator text
      CONSTRAINT ck_user_setup_administrator CHECK (setup_administrator IN ('created', 'found')),
    ADD CONSTRAINT ck_user_identity CHECK (oidc_issuer IS NULL OR oidc_sub IS NOT NULL)`,
  `CREATE UNIQUE INDEX uq_user_identity ON users (coalesce(oidc_issuer, ''), oidc_sub) WHERE oidc_sub IS NOT NULL`,
  `CREATE TABLE local_credentials (
    user_id uuid CONSTRAINT pk_local_credential PRIMARY KEY
      CONSTRAINT fk_local_credential_user REFERENCES users (id) ON DELETE CASCADE,
    password_hash text NOT NULL,
    must_change boolean NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  ...Object.entries(REFERENCES).flatMap(([action, columns]) =>
    columns.map(referenceTo(`ON DELETE ${action}`)),
  ),
];

const DOWN: readonly string[] = [
  ...Object.values(REFERENCES).flat().map(referenceTo('')),
  `DROP TABLE local_credentials`,
  `DROP INDEX uq_user_identity`,
  `ALTER TABLE users
    DROP CONSTRAINT ck_user_identity,
    DROP COLUMN setup_administrator,
    DROP COLUMN oidc_issuer`,
];
