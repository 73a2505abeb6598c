import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Authorization codes of terraform login. */
export class TerraformLogin20261122180600 implements MigrationInterface {
  readonly name = 'TerraformLogin20261122180600';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE login_codes (
    id uuid CONSTRAINT pk_login_code PRIMARY KEY DEFAULT gen_random_uuid(),
    code_hash bytea NOT NULL CONSTRAINT uq_login_code_hash UNIQUE,
    user_id uuid NOT NULL CONSTRAINT fk_login_code_user REFERENCES users (id) ON DELETE CASCADE,
    organization_id uuid NOT NULL
      CONSTRAINT fk_login_code_organization REFERENCES organizations (id) ON DELETE CASCADE,
    session_id uuid NOT NULL,
    redirect_uri text NOT NULL,
    code_challenge text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    api_key_id uuid CONSTRAINT fk_login_code_api_key REFERENCES api_keys (id) ON DELETE CASCADE
  )`,
  `CREATE INDEX ix_login_code_expires_at ON login_codes (expires_at)`,
  `CREATE INDEX ix_login_code_user ON login_codes (user_id)`,
  `CREATE INDEX ix_login_code_organization ON login_codes (organization_id)`,
  `CREATE INDEX ix_login_code_api_key ON login_codes (api_key_id)`,
];

const DOWN: readonly string[] = [`DROP TABLE login_codes`];
