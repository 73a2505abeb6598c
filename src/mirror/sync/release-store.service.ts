import { Injectable } from '@nestjs/common';
import { MirroredElsewhere } from '../../orgs/domain/orgs.errors.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { ProviderPublishedHere } from '../../providers/domain/providers.errors.js';
import { ProviderIngest } from '../../providers/provider-ingest.service.js';
import { MirrorGate } from '../domain/mirror-gate.js';
import type { ProviderName } from '../domain/name-filter.js';
import { MirrorKeys } from '../keys/mirror-keys.service.js';
import type { FetchedPackage } from '../fetching/package-fetcher.service.js';
import { MirroredListingsRepository } from '../persistence/mirrored-listings.repository.js';
import { MirrorSyncLeasesRepository } from '../persistence/mirror-sync-leases.repository.js';
import { mirroredOrigin, mirroredRelease } from './mirrored-release.js';
import type { AdmittedRelease } from './planned-provider.js';
import type { SyncTarget } from './release-fetcher.service.js';
import type { SyncWork } from './sync-work.js';

/** Stores verified packages of a version: packages, key, lines of the run and what is known of the version, all or nothing. */
@Injectable()
export class ReleaseStore {
  constructor(
    private readonly ingest: ProviderIngest,
    private readonly gates: MirrorGate,
    private readonly keys: MirrorKeys,
    private readonly listings: MirroredListingsRepository,
    private readonly leases: MirrorSyncLeasesRepository,
    private readonly metrics: Metrics,
  ) {}

  /** Whether an error of `store` keeps every version of the provider from being stored. */
  static isAboutProvider(error: unknown): boolean {
    return error instanceof ProviderPublishedHere || error instanceof MirroredElsewhere;
  }

  /** Throws what `ProviderIngest.ingest` throws, `MirroringNoLongerAllowed`, `SyncLeaseLost`. */
  async store(
    { facts }: SyncWork,
    target: SyncTarget,
    { version, admission }: AdmittedRelease,
    packages: readonly FetchedPackage[],
  ): Promise<void> {
    const { lease, listWithinMs, mirror, report } = facts;
    const { name } = target;
    const { release } = packages[0]!;
    const { key, trust } = release;
    const incoming = mirroredRelease(version.text, packages);
    const fence = async (): Promise<void> => {
      await lease.fence();
      const { isAutoApproved } = admission;
      await this.gates.confirm(mirror, name, { version: version.text, isAutoApproved });
      await this.keys.learn(mirror, name.namespace, release);
      await this.leases.addLines(
        lease.token,
        packages.map((one) => lineOf(name, version.text, one)),
      );
      const isKeyApproved = trust === 'approved';
      const synced = { version: version.text, keyFingerprint: key.fingerprint, isKeyApproved };
      await this.listings.markSynced(target.mirroredProviderId, synced);
    };
    await this.ingest.ingest(mirroredOrigin(mirror, name), incoming, { fence, listWithinMs });
    await lease.write(() => this.listings.link(target.mirroredProviderId));
    for (const { sizeBytes } of packages) report.addStored(sizeBytes);
    const bytes = packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.metrics.countMirrored(mirror.id, 'provider', packages.length, bytes);
  }
}

function lineOf({ namespace, type }: ProviderName, version: string, { platform, sizeBytes }: FetchedPackage) {
  return {
    ...{ namespace, providerType: type, version, platform: platform.key },
    ...{ outcome: 'stored' as const, bytes: sizeBytes, errorCode: null, message: null },
  };
}
