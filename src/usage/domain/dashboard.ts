/** Modules in numbers. */
export interface ModuleFacts {
  readonly total: number;
  readonly versions: number;
  readonly downloads: number;
  /** The largest first. */
  readonly bySystem: readonly { readonly system: string; readonly count: number }[];
}

/** Providers in numbers; those that a mirror brought are counted apart. */
export interface ProviderFacts {
  readonly total: number;
  readonly manual: number;
  readonly mirrored: number;
  readonly totalVersions: number;
  readonly manualVersions: number;
  readonly mirroredVersions: number;
  readonly downloads: number;
}

/** Enabled mirrors by how their last run ended; one that never ran is healthy. */
export interface MirrorFacts {
  readonly total: number;
  readonly healthy: number;
  readonly failed: number;
  readonly syncing: number;
}

export interface BinaryMirrorFacts extends MirrorFacts {
  readonly platforms: number;
  readonly downloads: number;
  readonly byTool: readonly { readonly tool: string; readonly platforms: number }[];
}

/** One run of a mirror. */
export interface SyncFacts {
  readonly mirrorName: string;
  readonly mirrorType: 'binary' | 'provider';
  readonly status: string;
  readonly startedAt: Date;
  readonly completedAt: Date | null;
  readonly versionsSynced: number;
  readonly platformsSynced: number;
  readonly triggeredBy: string;
}

/** What the dashboard shows (REST contract 27), but for the sum of all downloads. */
export interface DashboardFacts {
  readonly modules: ModuleFacts;
  readonly providers: ProviderFacts;
  readonly users: number;
  readonly organizations: number;
  readonly scmProviders: number;
  readonly binaryMirrors: BinaryMirrorFacts;
  readonly providerMirrors: MirrorFacts;
  /** In any order and number; the newest are shown. */
  readonly recentSyncs: readonly SyncFacts[];
}

const NO_MIRRORS: MirrorFacts = { total: 0, healthy: 0, failed: 0, syncing: 0 };

/** What somebody sees who may see nothing. */
export const NOTHING: DashboardFacts = {
  modules: { total: 0, versions: 0, downloads: 0, bySystem: [] },
  providers: {
    total: 0,
    manual: 0,
    mirrored: 0,
    totalVersions: 0,
    manualVersions: 0,
    mirroredVersions: 0,
    downloads: 0,
  },
  users: 0,
  organizations: 0,
  scmProviders: 0,
  binaryMirrors: { ...NO_MIRRORS, platforms: 0, downloads: 0, byTool: [] },
  providerMirrors: NO_MIRRORS,
  recentSyncs: [],
};

/** Everything that the blocks say together; what none says is nothing. */
export function combine(parts: readonly Partial<DashboardFacts>[]): DashboardFacts {
  const facts: DashboardFacts = Object.assign({}, NOTHING, ...parts);
  return { ...facts, recentSyncs: parts.flatMap(({ recentSyncs }) => recentSyncs ?? []) };
}
