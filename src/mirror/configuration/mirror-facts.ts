import type { Mirror } from '../domain/mirror.js';

/** What the audit log shows of a mirror. */
export function mirrorFacts(mirror: Mirror): Record<string, unknown> {
  return {
    name: mirror.name,
    description: mirror.description,
    upstream_registry_url: mirror.upstreamUrl,
    upstream_token_set: mirror.hasToken,
    organization_id: mirror.organizationId,
    namespace_filter: mirror.namespaceFilter,
    provider_filter: mirror.providerFilter,
    version_filter: mirror.versionFilter,
    platform_filter: mirror.platformFilter,
    with_prereleases: mirror.withPrereleases,
    // Text under a name with "key" is taken out of the log.
    trust: mirror.keyTrust,
    cool_down_days: mirror.coolDownDays,
    auto_approval: mirror.autoApproval,
    pull_through: mirror.isPullThrough,
    module_namespaces: mirror.moduleNamespaces,
    keep_versions: mirror.keepVersions,
    keep_used_days: mirror.keepUsedDays,
    enabled: mirror.isEnabled,
    sync_interval_hours: mirror.syncIntervalHours,
  };
}
