import type { AutoApprovalRules, Mirror } from '../domain/mirror.js';
import type { BroughtProviderReport } from '../configuration/mirrored-catalog.service.js';
import type { MirroredProviderDto } from './mirrored-providers-api.dto.js';
import type { MirrorDraft } from '../configuration/mirror-administration.service.js';
import type { AutoApprovalDto, AutoApprovalRulesDto, MirrorDto, UpdateMirrorDto } from './mirrors-api.dto.js';

/** What was sent of a mirror, in the words of this server. */
export function mirrorDraft(body: UpdateMirrorDto): MirrorDraft {
  return {
    organizationId: body.organization_id,
    upstreamToken: body.upstream_token,
    settings: {
      name: body.name,
      description: body.description,
      upstreamUrl: body.upstream_registry_url,
      namespaceFilter: body.namespace_filter,
      providerFilter: body.provider_filter,
      versionFilter: body.version_filter,
      platformFilter: body.platform_filter,
      withPrereleases: body.with_prereleases,
      keyTrust: body.key_trust,
      coolDownDays: body.cool_down_days,
      autoApproval: body.auto_approval && rulesOf(body.auto_approval),
      isPullThrough: body.pull_through,
      moduleNamespaces: body.module_namespaces,
      keepVersions: body.keep_versions,
      keepUsedDays: body.keep_used_days,
      isEnabled: body.enabled,
      syncIntervalHours: body.sync_interval_hours,
    },
  };
}

/** `Mirror` of REST contract 4. */
export function presentMirror(mirror: Mirror): MirrorDto {
  return {
    id: mirror.id,
    name: mirror.name,
    ...optional('description', mirror.description),
    upstream_registry_url: mirror.upstreamUrl,
    upstream_token_set: mirror.hasToken,
    ...optional('organization_id', mirror.organizationId),
    ...optional('namespace_filter', jsonText(mirror.namespaceFilter)),
    ...optional('provider_filter', jsonText(mirror.providerFilter)),
    ...optional('version_filter', mirror.versionFilter === '' ? null : mirror.versionFilter),
    ...optional('platform_filter', jsonText(mirror.platformFilter)),
    with_prereleases: mirror.withPrereleases,
    key_trust: mirror.keyTrust,
    cool_down_days: mirror.coolDownDays,
    ...optional('auto_approval', mirror.autoApproval && presentRules(mirror.autoApproval)),
    pull_through: mirror.isPullThrough,
    ...optional('module_namespaces', notEmpty(mirror.moduleNamespaces)),
    ...optional('keep_versions', mirror.keepVersions),
    ...optional('keep_used_days', mirror.keepUsedDays),
    enabled: mirror.isEnabled,
    sync_interval_hours: mirror.syncIntervalHours,
    ...optional('last_sync_at', timeText(mirror.lastSyncAt)),
    ...optional('last_success_at', timeText(mirror.lastSuccessAt)),
    ...optional('last_sync_status', mirror.lastSyncStatus),
    ...optional('last_sync_error', mirror.lastSyncError),
    ...optional('next_sync_at', timeText(mirror.nextSyncAt)),
    created_at: mirror.createdAt.toISOString(),
    updated_at: mirror.updatedAt.toISOString(),
    ...optional('created_by', mirror.createdBy),
  };
}

/** `MirroredProvider` of REST contract 4. Nothing comes here unverified. */
export function presentBrought({ provider, versions }: BroughtProviderReport): MirroredProviderDto {
  return {
    id: provider.id,
    mirror_config_id: provider.mirrorId!,
    provider_id: provider.providerId,
    upstream_namespace: provider.namespace,
    upstream_type: provider.providerType,
    last_synced_at: (provider.lastSyncedAt ?? provider.createdAt).toISOString(),
    ...optional('last_sync_version', provider.lastSyncVersion),
    sync_enabled: provider.isSyncEnabled,
    created_at: provider.createdAt.toISOString(),
    versions: versions.map(({ version, packages }) => ({
      id: version.id,
      mirrored_provider_id: provider.id,
      provider_version_id: version.providerVersionId,
      upstream_version: version.upstreamVersion,
      synced_at: (version.syncedAt ?? version.firstSeenAt).toISOString(),
      shasum_verified: true,
      gpg_verified: true,
      platforms: packages.map(({ id, versionId, platform, filename, digest }) => {
        const [os = '', arch = ''] = platform.split('_');
        return { id, provider_version_id: versionId, os, arch, filename, shasum: digest };
      }),
    })),
  };
}

function rulesOf(body: AutoApprovalDto): AutoApprovalRules {
  return {
    ...given('signedByTrustedKey', body.signed_by_trusted_key),
    ...given('patchOnly', body.patch_only),
    ...given('versionConstraint', body.version_constraint),
    ...given('minAgeDays', body.min_age_days),
  };
}

function presentRules(rules: AutoApprovalRules): AutoApprovalRulesDto {
  return {
    ...given('signed_by_trusted_key', rules.signedByTrustedKey),
    ...given('patch_only', rules.patchOnly),
    ...given('version_constraint', rules.versionConstraint),
    ...given('min_age_days', rules.minAgeDays),
  };
}

function jsonText(values: readonly string[]): string | null {
  return values.length === 0 ? null : JSON.stringify(values);
}

function notEmpty(values: readonly string[]): string[] | null {
  return values.length === 0 ? null : [...values];
}

function timeText(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}

function optional<K extends string, V>(name: K, value: V | null): Partial<Record<K, V>> {
  return value === null ? {} : ({ [name]: value } as Record<K, V>);
}

function given<K extends string, V>(name: K, value: V | null | undefined): Partial<Record<K, V>> {
  return optional(name, value ?? null);
}
