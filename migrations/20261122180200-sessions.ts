import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Browser sessions. */
export class Sessions20261122180200 implements MigrationInterface {
  readonly name = 'Sessions20261122180200';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE sessions (
    id uuid CONSTRAINT pk_session PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_session_user REFERENCES users (id) ON DELETE CASCADE,
    method text NOT NULL CONSTRAINT ck_session_method CHECK (method IN ('oidc', 'azuread', 'local', 'development')),
    secret_digest bytea NOT NULL CONSTRAINT uq_session_secret UNIQUE,
    handle_digest bytea NOT NULL,
    previous_handles jsonb NOT NULL,
    is_limited boolean NOT NULL,
    identity_id text,
    id_token bytea,
    return_to text,
    ip_address text,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX ix_session_user ON sessions (user_id)`,
  `CREATE INDEX ix_session_expires ON sessions (expires_at)`,
  `CREATE INDEX ix_session_last_used ON sessions (last_used_at)`,
];

const DOWN: readonly string[] = [`DROP TABLE sessions`];
