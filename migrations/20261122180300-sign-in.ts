import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Identity providers that are set at run time, and sign-ins that are under way. */
export class SignIn20261122180300 implements MigrationInterface {
  readonly name = 'SignIn20261122180300';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE identity_settings (
    id uuid CONSTRAINT pk_identity_settings PRIMARY KEY,
    name text NOT NULL,
    provider_type text NOT NULL
      CONSTRAINT ck_identity_settings_type CHECK (provider_type IN ('generic_oidc', 'azuread')),
    issuer_url text NOT NULL,
    client_id text NOT NULL,
    client_secret bytea NOT NULL,
    redirect_url text NOT NULL,
    scopes text[] NOT NULL,
    extra_config jsonb,
    is_active boolean NOT NULL,
    created_by uuid CONSTRAINT fk_identity_settings_creator REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX uq_identity_settings_active ON identity_settings ((true)) WHERE is_active`,
  `CREATE TABLE identity_group_settings (
    configuration_id uuid CONSTRAINT pk_identity_group_settings PRIMARY KEY,
    group_claim_name text NOT NULL,
    group_mappings jsonb NOT NULL,
    default_role text NOT NULL,
    updated_by uuid CONSTRAINT fk_identity_group_settings_updater REFERENCES users (id) ON DELETE SET NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE TABLE sign_in_states (
    state_digest bytea CONSTRAINT pk_sign_in_state PRIMARY KEY,
    browser_digest bytea NOT NULL,
    provider text NOT NULL CONSTRAINT ck_sign_in_state_provider CHECK (provider IN ('oidc', 'azuread')),
    configuration_id text NOT NULL,
    return_to text,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX ix_sign_in_state_expires ON sign_in_states (expires_at)`,
];

const DOWN: readonly string[] = [
  `DROP TABLE sign_in_states`,
  `DROP TABLE identity_group_settings`,
  `DROP TABLE identity_settings`,
];
