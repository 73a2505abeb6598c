import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** API keys: exchanged tokens, warnings before they expire, and an end with their user or organization. */
export class ApiKeyLife20261122180100 implements MigrationInterface {
  readonly name = 'ApiKeyLife20261122180100';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `ALTER TABLE api_keys
    ADD COLUMN trusted_publisher_id uuid,
    ADD COLUMN namespaces text[],
    ADD COLUMN published_from jsonb,
    ADD COLUMN expiry_warning_claimed_at timestamptz,
    ADD COLUMN expiry_warned_at timestamptz,
    ADD CONSTRAINT ck_api_key_exchanged CHECK (
      CASE WHEN trusted_publisher_id IS NULL THEN namespaces IS NULL AND published_from IS NULL
      ELSE namespaces IS NOT NULL AND published_from IS NOT NULL AND user_id IS NULL AND expires_at IS NOT NULL END
    ),
    DROP CONSTRAINT fk_api_key_organization,
    DROP CONSTRAINT fk_api_key_user,
    ADD CONSTRAINT fk_api_key_organization FOREIGN KEY (organization_id) REFERENCES organizations (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_api_key_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE`,
  `CREATE INDEX ix_api_key_user ON api_keys (user_id)`,
  `CREATE INDEX ix_api_key_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL`,
  `CREATE INDEX ix_api_key_revoked ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL`,
];

const DOWN: readonly string[] = [
  `DROP INDEX ix_api_key_revoked`,
  `DROP INDEX ix_api_key_expiry`,
  `DROP INDEX ix_api_key_user`,
  `DELETE FROM api_keys WHERE trusted_publisher_id IS NOT NULL`,
  `ALTER TABLE api_keys
    DROP CONSTRAINT fk_api_key_user,
    DROP CONSTRAINT fk_api_key_organization,
    ADD CONSTRAINT fk_api_key_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    ADD CONSTRAINT fk_api_key_user FOREIGN KEY (user_id) REFERENCES users (id),
    DROP CONSTRAINT ck_api_key_exchanged,
    DROP COLUMN expiry_warned_at,
    DROP COLUMN expiry_warning_claimed_at,
    DROP COLUMN published_from,
    DROP COLUMN namespaces,
    DROP COLUMN trusted_publisher_id`,
];
