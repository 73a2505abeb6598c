import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Organizations and credentials, artifacts, modules, providers, protocol documents and download counts. */
export class InitialSchema20261122120000 implements MigrationInterface {
  readonly name = 'InitialSchema20261122120000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`SET LOCAL statement_timeout = '60s'`);
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`SET LOCAL statement_timeout = '60s'`);
    for (const table of TABLES_NEWEST_FIRST) await runner.query(`DROP TABLE ${table}`);
  }
}

const TABLES_NEWEST_FIRST = [
  'folded_download_spools',
  'download_counts_daily',
  'document_generations',
  'protocol_documents',
  'provider_packages',
  'provider_versions',
  'registry_providers',
  'signing_keys',
  'module_versions',
  'registry_modules',
  'artifact_deletions',
  'artifacts',
  'namespace_claims',
  'api_keys',
  'memberships',
  'role_templates',
  'users',
  'organizations',
  'platform_secrets',
];

const UP = [
  `CREATE TABLE platform_secrets (
    name text CONSTRAINT pk_platform_secret PRIMARY KEY,
    ciphertext bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE TABLE organizations (
    id uuid CONSTRAINT pk_organization PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL CONSTRAINT uq_organization_name UNIQUE,
    display_name text NOT NULL,
    visibility text CONSTRAINT ck_organization_visibility CHECK (visibility IN ('private', 'public')),
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX uq_organization_default ON organizations (is_default) WHERE is_default`,
  `CREATE TABLE users (
    id uuid CONSTRAINT pk_user PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL,
    name text NOT NULL,
    oidc_sub text,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX uq_user_email ON users (lower(email))`,
  `CREATE TABLE role_templates (
    id uuid CONSTRAINT pk_role_template PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL CONSTRAINT uq_role_template_name UNIQUE,
    display_name text NOT NULL,
    description text,
    scopes text[] NOT NULL,
    is_system boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `INSERT INTO role_templates (name, display_name, scopes, is_system) VALUES
    ('viewer', 'Viewer', '{modules:read,providers:read,mirrors:read,organizations:read,scm:read}', true),
    ('publisher', 'Publisher', '{modules:read,modules:write,providers:read,providers:write,organizations:read,scm:read}', true),
    ('devops', 'DevOps', '{modules:read,modules:write,providers:read,providers:write,organizations:read,scm:read,mirrors:read,mirrors:manage,scm:manage}', true),
    ('admin', 'Administrator', '{admin}', true),
    ('user_manager', 'User Manager', '{users:read,users:write,organizations:read,organizations:write,api_keys:manage,modules:read,providers:read}', true),
    ('auditor', 'Auditor', '{modules:read,providers:read,mirrors:read,organizations:read,scm:read,audit:read}', true),
    ('owner', 'Owner', '{admin}', true),
    ('member', 'Member', '{modules:read,modules:write,providers:read,providers:write,organizations:read,scm:read,mirrors:read}', true)`,
  `CREATE TABLE memberships (
    organization_id uuid NOT NULL CONSTRAINT fk_membership_organization REFERENCES organizations (id),
    user_id uuid NOT NULL CONSTRAINT fk_membership_user REFERENCES users (id),
    role_template_id uuid CONSTRAINT fk_membership_role_template REFERENCES role_templates (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_membership PRIMARY KEY (organization_id, user_id)
  )`,
  `CREATE INDEX ix_membership_user ON memberships (user_id)`,
  `CREATE TABLE api_keys (
    id uuid CONSTRAINT pk_api_key PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL CONSTRAINT fk_api_key_organization REFERENCES organizations (id),
    user_id uuid CONSTRAINT fk_api_key_user REFERENCES users (id),
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    key_prefix text NOT NULL,
    key_digest bytea NOT NULL CONSTRAINT uq_api_key_digest UNIQUE,
    scopes text[] NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX ix_api_key_organization ON api_keys (organization_id)`,
  `CREATE TABLE namespace_claims (
    id uuid CONSTRAINT pk_namespace_claim PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    folded_name text NOT NULL CONSTRAINT uq_namespace_claim UNIQUE,
    organization_id uuid NOT NULL CONSTRAINT fk_namespace_claim_organization REFERENCES organizations (id),
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX ix_namespace_claim_organization ON namespace_claims (organization_id)`,
  `CREATE TABLE artifacts (
    id uuid CONSTRAINT pk_artifact PRIMARY KEY DEFAULT gen_random_uuid(),
    storage text NOT NULL,
    key text NOT NULL,
    digest text NOT NULL,
    size_bytes bigint NOT NULL,
    state text NOT NULL CONSTRAINT ck_artifact_state CHECK (state IN ('staged', 'committed', 'doomed')),
    staged_at timestamptz NOT NULL DEFAULT now(),
    committed_at timestamptz,
    doomed_at timestamptz,
    CONSTRAINT uq_artifact_key UNIQUE (storage, key)
  )`,
  `CREATE INDEX ix_artifact_state ON artifacts (state, staged_at)`,
  `CREATE TABLE artifact_deletions (
    storage text NOT NULL,
    key text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_artifact_deletion PRIMARY KEY (storage, key)
  )`,
  `CREATE TABLE registry_modules (
    id uuid CONSTRAINT pk_module PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL CONSTRAINT fk_module_organization REFERENCES organizations (id),
    namespace text NOT NULL,
    name text NOT NULL,
    system text NOT NULL,
    description text,
    source text,
    created_by uuid CONSTRAINT fk_module_created_by REFERENCES users (id),
    created_by_name text,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX uq_module_address ON registry_modules (lower(namespace), lower(name), system)`,
  `CREATE INDEX ix_module_organization ON registry_modules (organization_id)`,
  `CREATE TABLE module_versions (
    id uuid CONSTRAINT pk_module_version PRIMARY KEY DEFAULT gen_random_uuid(),
    module_id uuid NOT NULL CONSTRAINT fk_module_version_module REFERENCES registry_modules (id),
    version text NOT NULL,
    sort_key text COLLATE "C" NOT NULL,
    state text NOT NULL CONSTRAINT ck_module_version_state CHECK (state IN ('active', 'withdrawn', 'quarantined', 'deleted')),
    state_reason text,
    artifact_id uuid CONSTRAINT fk_module_version_artifact REFERENCES artifacts (id),
    digest text NOT NULL,
    size_bytes bigint NOT NULL,
    filename text NOT NULL,
    top_folder text,
    readme text,
    published_by uuid CONSTRAINT fk_module_version_published_by REFERENCES users (id),
    published_by_name text,
    published_at timestamptz NOT NULL DEFAULT now(),
    deprecated_at timestamptz,
    deprecation_message text,
    replacement text,
    deleted_at timestamptz,
    deleted_by_name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_module_version UNIQUE (module_id, version),
    CONSTRAINT ck_module_version_artifact CHECK (state = 'deleted' OR artifact_id IS NOT NULL)
  )`,
  `CREATE INDEX ix_module_version_sort ON module_versions (module_id, sort_key DESC)`,
  `CREATE INDEX ix_module_version_artifact ON module_versions (artifact_id)`,
  `CREATE TABLE signing_keys (
    id uuid CONSTRAINT pk_signing_key PRIMARY KEY DEFAULT gen_random_uuid(),
    claim_id uuid NOT NULL CONSTRAINT fk_signing_key_claim REFERENCES namespace_claims (id),
    fingerprint text NOT NULL,
    key_id text NOT NULL,
    ascii_armor text NOT NULL,
    revoked_at timestamptz,
    revocation_reason text,
    is_compromised boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_signing_key UNIQUE (claim_id, fingerprint)
  )`,
  `CREATE TABLE registry_providers (
    id uuid CONSTRAINT pk_provider PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL CONSTRAINT fk_provider_organization REFERENCES organizations (id),
    namespace text NOT NULL,
    type text NOT NULL,
    description text,
    source text,
    created_by uuid CONSTRAINT fk_provider_created_by REFERENCES users (id),
    created_by_name text,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX uq_provider_address ON registry_providers (lower(namespace), type)`,
  `CREATE INDEX ix_provider_organization ON registry_providers (organization_id)`,
  `CREATE TABLE provider_versions (
    id uuid CONSTRAINT pk_provider_version PRIMARY KEY DEFAULT gen_random_uuid(),
    provider_id uuid NOT NULL CONSTRAINT fk_provider_version_provider REFERENCES registry_providers (id),
    version text NOT NULL,
    sort_key text COLLATE "C" NOT NULL,
    state text NOT NULL CONSTRAINT ck_provider_version_state CHECK (state IN ('active', 'withdrawn', 'quarantined', 'deleted')),
    state_reason text,
    protocols text[] NOT NULL,
    signed_by text NOT NULL CONSTRAINT ck_provider_version_signed_by CHECK (signed_by IN ('publisher', 'registry')),
    signing_key_fingerprint text NOT NULL,
    signing_key_armor text NOT NULL,
    publisher_key_armor text,
    shasums text NOT NULL,
    signature bytea NOT NULL,
    shasums_artifact_id uuid CONSTRAINT fk_provider_version_shasums REFERENCES artifacts (id),
    signature_artifact_id uuid CONSTRAINT fk_provider_version_signature REFERENCES artifacts (id),
    published_by uuid CONSTRAINT fk_provider_version_published_by REFERENCES users (id),
    published_by_name text,
    published_at timestamptz NOT NULL DEFAULT now(),
    deprecated_at timestamptz,
    deprecation_message text,
    replacement text,
    deleted_at timestamptz,
    deleted_by_name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_provider_version UNIQUE (provider_id, version),
    CONSTRAINT ck_provider_version_artifacts CHECK
      (state = 'deleted' OR (shasums_artifact_id IS NOT NULL AND signature_artifact_id IS NOT NULL))
  )`,
  `CREATE INDEX ix_provider_version_sort ON provider_versions (provider_id, sort_key DESC)`,
  `CREATE INDEX ix_provider_version_shasums ON provider_versions (shasums_artifact_id)`,
  `CREATE INDEX ix_provider_version_signature ON provider_versions (signature_artifact_id)`,
  `CREATE TABLE provider_packages (
    id uuid CONSTRAINT pk_provider_package PRIMARY KEY DEFAULT gen_random_uuid(),
    version_id uuid NOT NULL CONSTRAINT fk_provider_package_version REFERENCES provider_versions (id),
    os text NOT NULL,
    arch text NOT NULL,
    filename text NOT NULL,
    digest text NOT NULL,
    h1 text NOT NULL,
    size_bytes bigint NOT NULL,
    artifact_id uuid CONSTRAINT fk_provider_package_artifact REFERENCES artifacts (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_provider_package UNIQUE (version_id, os, arch)
  )`,
  `CREATE INDEX ix_provider_package_artifact ON provider_packages (artifact_id)`,
  `CREATE TABLE protocol_documents (
    path text CONSTRAINT pk_protocol_document PRIMARY KEY,
    subject text NOT NULL,
    generation bigint NOT NULL,
    namespace text NOT NULL,
    scope text NOT NULL,
    visibility text,
    status smallint NOT NULL,
    etag text NOT NULL,
    body text NOT NULL,
    download jsonb
  )`,
  `CREATE INDEX ix_protocol_document_subject ON protocol_documents (subject)`,
  `CREATE INDEX ix_protocol_document_namespace ON protocol_documents (namespace)`,
  `CREATE TABLE document_generations (
    subject text CONSTRAINT pk_document_generation PRIMARY KEY,
    generation bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX ix_document_generation_updated ON document_generations (updated_at)`,
  `CREATE TABLE download_counts_daily (
    target_id uuid NOT NULL,
    day date NOT NULL,
    downloads bigint NOT NULL,
    CONSTRAINT pk_download_count_daily PRIMARY KEY (target_id, day)
  )`,
  `CREATE TABLE folded_download_spools (
    spool text CONSTRAINT pk_folded_download_spool PRIMARY KEY,
    folded_at timestamptz NOT NULL DEFAULT now()
  )`,
];
