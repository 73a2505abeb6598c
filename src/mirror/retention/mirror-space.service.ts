import { Injectable } from '@nestjs/common';
import type { Principal } from '../../access/principal.js';
import type { KeptBecause } from '../domain/retention.js';
import { compareUpstreamVersions, parseUpstreamVersion } from '../domain/upstream-version.js';
import { MirrorAccess } from '../configuration/mirror-access.service.js';
import { MirrorRetentionRepository, type SpaceTotals } from '../persistence/mirror-retention.repository.js';
import { MirrorRetention, type RetainedStoredVersion } from './mirror-retention.service.js';

/** What one version takes. */
export interface VersionSpace {
  readonly version: string;
  readonly packages: number;
  readonly bytes: number;
  readonly isPinned: boolean;
  /** `YYYY-MM-DD` in UTC. */
  readonly lastUsedOn: string;
  /** `removed`: the next run of retention takes it away. */
  readonly retention: KeptBecause | 'removed';
}

/** What one provider takes, version by version, newest first. */
export interface ProviderSpace {
  readonly namespace: string;
  readonly type: string;
  readonly packages: number;
  readonly bytes: number;
  readonly versions: readonly VersionSpace[];
}

/** What a mirror takes. Totals count an object once that several packages share. */
export interface MirrorSpaceReport {
  readonly providers: readonly ProviderSpace[];
  readonly packages: number;
  readonly total: SpaceTotals;
  /** What retention would free now. */
  readonly freeable: SpaceTotals;
}

/** How much mirrors hold, and what retention would make of it. */
@Injectable()
export class MirrorSpace {
  constructor(
    private readonly access: MirrorAccess,
    private readonly repository: MirrorRetentionRepository,
    private readonly retention: MirrorRetention,
  ) {}

  /** Throws `MirrorNotFound`. */
  async report(principal: Principal, mirrorId: string): Promise<MirrorSpaceReport> {
    const mirror = await this.access.get(principal, mirrorId, 'mirrors:read');
    const providers: ProviderSpace[] = [];
    const packageIds: string[] = [];
    const removedIds: string[] = [];
    for (const { providerId, namespace, type } of await this.repository.providersOf(mirror.id)) {
      const { plan } = await this.retention.plan(providerId);
      const kept = plan.kept.map((one) => [one, one.because] as const);
      const removed = plan.removed.map((one) => [one, 'removed'] as const);
      const all = [...kept, ...removed].sort(([left], [right]) => newestFirst(left, right));
      packageIds.push(...all.flatMap(([one]) => one.packageIds));
      removedIds.push(...plan.removed.flatMap((one) => one.packageIds));
      const versions = all.map(([one, retention]) => spaceOf(one, retention));
      const bytes = versions.reduce((sum, one) => sum + one.bytes, 0);
      const packages = versions.reduce((sum, one) => sum + one.packages, 0);
      providers.push({ namespace, type, packages, bytes, versions });
    }
    const total = await this.repository.totals(packageIds);
    const freeable = await this.repository.freedBy(removedIds);
    return { providers, packages: packageIds.length, total, freeable };
  }
}

function spaceOf(one: RetainedStoredVersion, retention: VersionSpace['retention']): VersionSpace {
  const { version, bytes, isPinned, isQuarantined, lastUsedOn, packageIds } = one;
  return {
    ...{ version, bytes, lastUsedOn, retention },
    isPinned: isPinned && !isQuarantined,
    packages: packageIds.length,
  };
}

function newestFirst(left: { version: string }, right: { version: string }): number {
  const [one, other] = [left, right].map(({ version }) => parseUpstreamVersion(version));
  if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? 1 : -1;
  return compareUpstreamVersions(other, one);
}
