import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Mirrors of upstream registries, what they may fetch, what they fetched, and their runs. */
export class ProviderMirrors20261124010100 implements MigrationInterface {
  readonly name = 'ProviderMirrors20261124010100';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE mirrors (
    id uuid CONSTRAINT pk_mirror PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    description text,
    upstream_url text NOT NULL,
    upstream_host text COLLATE "C" NOT NULL,
    upstream_token bytea,
    organization_id uuid CONSTRAINT fk_mirror_organization REFERENCES organizations (id),
    namespace_filter text[] NOT NULL DEFAULT '{}',
    provider_filter text[] NOT NULL DEFAULT '{}',
    version_filter text NOT NULL DEFAULT '',
    platform_filter text[] NOT NULL DEFAULT '{}',
    with_prereleases boolean NOT NULL DEFAULT false,
    key_trust text NOT NULL DEFAULT 'partner'
      CONSTRAINT ck_mirror_key_trust CHECK (key_trust IN ('pinned', 'hashicorp', 'partner', 'community')),
    cool_down_days integer NOT NULL DEFAULT 0,
    auto_approval jsonb,
    is_pull_through boolean NOT NULL DEFAULT false,
    keep_versions integer,
    keep_used_days integer,
    is_enabled boolean NOT NULL DEFAULT true,
    sync_interval_hours integer NOT NULL DEFAULT 24,
    next_sync_at timestamptz,
    last_sync_at timestamptz,
    last_success_at timestamptz,
    last_sync_status text
      CONSTRAINT ck_mirror_last_sync_status CHECK (last_sync_status IN ('in_progress', 'success', 'failed')),
    last_sync_error text,
    created_by uuid CONSTRAINT fk_mirror_created_by REFERENCES users (id) ON DELETE SET NULL,
    created_by_name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX uq_mirror_name ON mirrors (lower(name))`,
  `CREATE INDEX ix_mirror_organization ON mirrors (organization_id)`,
  `CREATE INDEX ix_mirror_created_by ON mirrors (created_by)`,
  `CREATE INDEX ix_mirror_next_sync ON mirrors (next_sync_at) WHERE is_enabled`,
  `CREATE TABLE mirror_syncs (
    id uuid CONSTRAINT pk_mirror_sync PRIMARY KEY DEFAULT gen_random_uuid(),
    mirror_id uuid NOT NULL CONSTRAINT fk_mirror_sync_mirror REFERENCES mirrors (id) ON DELETE CASCADE,
    triggered_by text NOT NULL CONSTRAINT ck_mirror_sync_triggered_by CHECK (triggered_by IN ('scheduler', 'manual')),
    namespace text,
    provider_type text,
    status text NOT NULL DEFAULT 'running'
      CONSTRAINT ck_mirror_sync_status CHECK (status IN ('running', 'success', 'failed', 'cancelled')),
    is_cancel_requested boolean NOT NULL DEFAULT false,
    lease_token bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    providers_planned integer,
    packages_planned integer,
    packages_done integer NOT NULL DEFAULT 0,
    bytes_done bigint NOT NULL DEFAULT 0,
    providers_synced integer NOT NULL DEFAULT 0,
    providers_failed integer NOT NULL DEFAULT 0,
    error_message text,
    details jsonb,
    started_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
  )`,
  `CREATE INDEX ix_mirror_sync_mirror ON mirror_syncs (mirror_id, started_at DESC)`,
  `CREATE UNIQUE INDEX uq_mirror_sync_running ON mirror_syncs (mirror_id) WHERE status = 'running'`,
  `CREATE TABLE mirror_sync_lines (
    id bigint CONSTRAINT pk_mirror_sync_line PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    sync_id uuid NOT NULL CONSTRAINT fk_mirror_sync_line_sync REFERENCES mirror_syncs (id) ON DELETE CASCADE,
    namespace text NOT NULL,
    provider_type text NOT NULL,
    version text NOT NULL,
    platform text NOT NULL,
    outcome text NOT NULL CONSTRAINT ck_mirror_sync_line_outcome CHECK (outcome IN ('stored', 'failed')),
    bytes bigint NOT NULL DEFAULT 0,
    error_code text,
    message text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_mirror_sync_line UNIQUE (sync_id, namespace, provider_type, version, platform)
  )`,
  `CREATE TABLE mirrored_providers (
    id uuid CONSTRAINT pk_mirrored_provider PRIMARY KEY DEFAULT gen_random_uuid(),
    mirror_id uuid CONSTRAINT fk_mirrored_provider_mirror REFERENCES mirrors (id) ON DELETE SET NULL,
    provider_id uuid CONSTRAINT fk_mirrored_provider_provider REFERENCES registry_providers (id) ON DELETE CASCADE,
    upstream_host text COLLATE "C" NOT NULL,
    namespace text NOT NULL,
    provider_type text NOT NULL,
    is_sync_enabled boolean NOT NULL DEFAULT true,
    listing_etag text,
    listing_basis text,
    highest_version text,
    last_synced_at timestamptz,
    last_sync_version text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_mirrored_provider UNIQUE (upstream_host, namespace, provider_type, mirror_id)
  )`,
  `CREATE INDEX ix_mirrored_provider_address
    ON mirrored_providers (upstream_host, lower(namespace), lower(provider_type))`,
  `CREATE INDEX ix_mirrored_provider_mirror ON mirrored_providers (mirror_id)`,
  `CREATE INDEX ix_mirrored_provider_provider ON mirrored_providers (provider_id)`,
  `CREATE TABLE mirrored_versions (
    id uuid CONSTRAINT pk_mirrored_version PRIMARY KEY DEFAULT gen_random_uuid(),
    mirrored_provider_id uuid NOT NULL
      CONSTRAINT fk_mirrored_version_provider REFERENCES mirrored_providers (id) ON DELETE CASCADE,
    provider_version_id uuid
      CONSTRAINT fk_mirrored_version_version REFERENCES provider_versions (id) ON DELETE CASCADE,
    upstream_version text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    synced_at timestamptz,
    key_fingerprint text,
    is_key_approved boolean,
    is_pinned boolean NOT NULL DEFAULT false,
    released_by uuid CONSTRAINT fk_mirrored_version_released_by REFERENCES users (id) ON DELETE SET NULL,
    released_at timestamptz,
    CONSTRAINT uq_mirrored_version UNIQUE (mirrored_provider_id, upstream_version)
  )`,
  `CREATE INDEX ix_mirrored_version_version ON mirrored_versions (provider_version_id)`,
  `CREATE INDEX ix_mirrored_version_released_by ON mirrored_versions (released_by)`,
  `CREATE TABLE mirror_policies (
    id uuid CONSTRAINT pk_mirror_policy PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid
      CONSTRAINT fk_mirror_policy_organization REFERENCES organizations (id) ON DELETE CASCADE,
    name text NOT NULL,
    description text,
    policy_type text NOT NULL CONSTRAINT ck_mirror_policy_type CHECK (policy_type IN ('allow', 'deny')),
    upstream_registry text,
    namespace_pattern text,
    provider_pattern text,
    priority integer NOT NULL DEFAULT 0,
    is_active boolean NOT NULL DEFAULT true,
    requires_approval boolean NOT NULL DEFAULT false,
    created_by uuid CONSTRAINT fk_mirror_policy_created_by REFERENCES users (id) ON DELETE SET NULL,
    created_by_name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX uq_mirror_policy_name
    ON mirror_policies (coalesce(organization_id, '00000000-0000-0000-0000-000000000000'), lower(name))`,
  `CREATE INDEX ix_mirror_policy_organization ON mirror_policies (organization_id)`,
  `CREATE INDEX ix_mirror_policy_created_by ON mirror_policies (created_by)`,
  `INSERT INTO mirror_policies
    (name, description, policy_type, upstream_registry, namespace_pattern, provider_pattern, priority, requires_approval)
   VALUES
    ('default-allow-hashicorp', 'Providers of HashiCorp', 'allow', 'registry.terraform.io', 'hashicorp', '*', 100, false),
    ('default-require-approval-other', 'Everything else in the public registry', 'allow', 'registry.terraform.io', '*',
     '*', 0, true),
    ('default-require-approval-any', 'Every other registry', 'allow', NULL, '*', '*', -100, true)`,
  `CREATE TABLE mirror_approvals (
    id uuid CONSTRAINT pk_mirror_approval PRIMARY KEY DEFAULT gen_random_uuid(),
    mirror_id uuid NOT NULL CONSTRAINT fk_mirror_approval_mirror REFERENCES mirrors (id) ON DELETE CASCADE,
    namespace text NOT NULL,
    provider_type text,
    upstream_version text,
    reason text,
    status text NOT NULL DEFAULT 'pending'
      CONSTRAINT ck_mirror_approval_status CHECK (status IN ('pending', 'approved', 'rejected')),
    requested_by uuid CONSTRAINT fk_mirror_approval_requested_by REFERENCES users (id) ON DELETE SET NULL,
    requested_by_name text,
    reviewed_by uuid CONSTRAINT fk_mirror_approval_reviewed_by REFERENCES users (id) ON DELETE SET NULL,
    reviewed_by_name text,
    reviewed_at timestamptz,
    review_notes text,
    is_auto_approved boolean NOT NULL DEFAULT false,
    expires_at timestamptz,
    expiry_applied_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX uq_mirror_approval_pending ON mirror_approvals
    (mirror_id, namespace, coalesce(provider_type, ''), coalesce(upstream_version, '')) WHERE status = 'pending'`,
  `CREATE INDEX ix_mirror_approval_mirror ON mirror_approvals (mirror_id, created_at DESC)`,
  `CREATE INDEX ix_mirror_approval_requested_by ON mirror_approvals (requested_by)`,
  `CREATE INDEX ix_mirror_approval_reviewed_by ON mirror_approvals (reviewed_by)`,
  `CREATE INDEX ix_mirror_approval_expires ON mirror_approvals (expires_at)
    WHERE status = 'approved' AND expiry_applied_at IS NULL`,
  `CREATE TABLE mirror_keys (
    id uuid CONSTRAINT pk_mirror_key PRIMARY KEY DEFAULT gen_random_uuid(),
    mirror_id uuid NOT NULL CONSTRAINT fk_mirror_key_mirror REFERENCES mirrors (id) ON DELETE CASCADE,
    namespace text NOT NULL,
    fingerprint text NOT NULL,
    armor text NOT NULL,
    state text NOT NULL CONSTRAINT ck_mirror_key_state CHECK (state IN ('seen', 'pinned', 'revoked')),
    source text NOT NULL CONSTRAINT ck_mirror_key_source CHECK (source IN ('upstream', 'administrator')),
    decided_by uuid CONSTRAINT fk_mirror_key_decided_by REFERENCES users (id) ON DELETE SET NULL,
    decided_by_name text,
    decided_at timestamptz,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_mirror_key UNIQUE (mirror_id, namespace, fingerprint)
  )`,
  `CREATE INDEX ix_mirror_key_decided_by ON mirror_keys (decided_by)`,
];

const TABLES = [
  'mirror_keys',
  'mirror_approvals',
  'mirror_policies',
  'mirrored_versions',
  'mirrored_providers',
  'mirror_sync_lines',
  'mirror_syncs',
  'mirrors',
];

const DOWN: readonly string[] = TABLES.map((table) => `DROP TABLE ${table}`);
