import type { BinaryMirrorFacts, DashboardFacts, ProviderFacts, SyncFacts } from '../domain/dashboard.js';
import type {
  DashboardBinaryMirrorsDto,
  DashboardDto,
  DashboardProvidersDto,
  RecentSyncDto,
} from './dashboard-api.dto.js';

const MAX_SYSTEMS = 8;
const MAX_SYNCS = 8;

export function presentDashboard(facts: DashboardFacts): DashboardDto {
  const { modules, providers, binaryMirrors, providerMirrors, recentSyncs } = facts;
  const { total, versions, downloads, bySystem } = modules;
  return {
    modules: { total, versions, downloads, by_system: bySystem.slice(0, MAX_SYSTEMS) },
    providers: presentProviders(providers),
    users: facts.users,
    organizations: facts.organizations,
    downloads: downloads + providers.downloads + binaryMirrors.downloads,
    scm_providers: facts.scmProviders,
    binary_mirrors: presentBinaryMirrors(binaryMirrors),
    provider_mirrors: providerMirrors,
    recent_syncs: recentSyncs.toSorted(newestFirst).slice(0, MAX_SYNCS).map(presentSync),
  };
}

function presentProviders(facts: ProviderFacts): DashboardProvidersDto {
  const { total, manual, mirrored, downloads } = facts;
  return {
    total,
    manual,
    mirrored,
    total_versions: facts.totalVersions,
    manual_versions: facts.manualVersions,
    mirrored_versions: facts.mirroredVersions,
    downloads,
  };
}

function presentBinaryMirrors({ byTool, ...numbers }: BinaryMirrorFacts): DashboardBinaryMirrorsDto {
  return { ...numbers, by_tool: [...byTool] };
}

function presentSync(sync: SyncFacts): RecentSyncDto {
  return {
    mirror_name: sync.mirrorName,
    mirror_type: sync.mirrorType,
    status: sync.status,
    started_at: sync.startedAt.toISOString(),
    completed_at: sync.completedAt?.toISOString() ?? null,
    versions_synced: sync.versionsSynced,
    platforms_synced: sync.platformsSynced,
    triggered_by: sync.triggeredBy,
  };
}

function newestFirst(one: SyncFacts, other: SyncFacts): number {
  return other.startedAt.getTime() - one.startedAt.getTime();
}
