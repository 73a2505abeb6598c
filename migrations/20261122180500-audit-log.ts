import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** The audit log with its hash chains, and how far each shipper is. */
export class AuditLog20261122180500 implements MigrationInterface {
  readonly name = 'AuditLog20261122180500';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE audit_entries (
    id uuid CONSTRAINT pk_audit_entry PRIMARY KEY,
    chain text NOT NULL,
    chain_seq bigint NOT NULL,
    previous_hash text NOT NULL,
    hash text NOT NULL,
    details_salt text,
    details_digest text NOT NULL,
    user_id uuid,
    user_email text,
    user_name text,
    actor_kind text NOT NULL,
    actor_id text,
    organization_id uuid,
    action text NOT NULL,
    resource_type text,
    resource_id text,
    metadata jsonb NOT NULL,
    ip_address text,
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_audit_entry_chain_seq UNIQUE (chain, chain_seq)
  )`,
  `CREATE INDEX ix_audit_entry_created_at ON audit_entries (created_at, id)`,
  `CREATE INDEX ix_audit_entry_organization ON audit_entries (organization_id, created_at, id)`,
  `CREATE INDEX ix_audit_entry_user ON audit_entries (user_id, created_at, id)`,
  `CREATE INDEX ix_audit_entry_resource ON audit_entries (resource_type, resource_id, created_at)`,
  `CREATE TABLE audit_chains (
    chain text CONSTRAINT pk_audit_chain PRIMARY KEY,
    last_seq bigint NOT NULL,
    last_hash text NOT NULL
  )`,
  `CREATE TABLE audit_checkpoints (
    chain text CONSTRAINT pk_audit_checkpoint PRIMARY KEY,
    chain_seq bigint NOT NULL,
    hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE TABLE audit_shipper_positions (
    shipper text NOT NULL,
    chain text NOT NULL,
    chain_seq bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_audit_shipper_position PRIMARY KEY (shipper, chain)
  )`,
  `CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'DELETE' AND current_setting('registry.audit_removal', true) = 'retention' THEN
      RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('registry.audit_removal', true) = 'erasure' THEN
      RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit entries are never changed or removed' USING ERRCODE = 'insufficient_privilege';
  END $$`,
  `CREATE TRIGGER tr_audit_entry_row BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()`,
  `CREATE TRIGGER tr_audit_entry_truncate BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()`,
];

const DOWN: readonly string[] = [
  `DROP TABLE audit_shipper_positions`,
  `DROP TABLE audit_checkpoints`,
  `DROP TABLE audit_chains`,
  `DROP TABLE audit_entries`,
  `DROP FUNCTION refuse_audit_change()`,
];
