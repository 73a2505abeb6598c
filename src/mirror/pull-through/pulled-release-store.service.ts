import { Injectable } from '@nestjs/common';
import { Metrics } from '../../platform/metrics/metrics.js';
import { ProviderIngest } from '../../providers/provider-ingest.service.js';
import { MirrorGate } from '../domain/mirror-gate.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { OfferedVersion } from '../domain/pulled-offer.js';
import { MirrorKeys } from '../keys/mirror-keys.service.js';
import type { FetchedPackage } from '../fetching/package-fetcher.service.js';
import { MirroredListingsRepository } from '../persistence/mirrored-listings.repository.js';
import { mirroredOrigin, mirroredRelease } from '../sync/mirrored-release.js';

/** Stores a package that was fetched because somebody asked for it, by the same path as those of a run. */
@Injectable()
export class PulledReleaseStore {
  constructor(
    private readonly ingest: ProviderIngest,
    private readonly gates: MirrorGate,
    private readonly keys: MirrorKeys,
    private readonly listings: MirroredListingsRepository,
    private readonly metrics: Metrics,
  ) {}

  /** Throws what `ProviderIngest.ingest` throws, and `MirroringNoLongerAllowed`. */
  async store(
    mirror: Mirror,
    name: ProviderName,
    version: string,
    { isAutoApproved }: OfferedVersion,
    fetched: FetchedPackage,
  ): Promise<void> {
    const { release, sizeBytes } = fetched;
    const known = await this.listings.ensure(mirror, name);
    await this.listings.see(known, [version]);
    const fence = async (): Promise<void> => {
      await this.gates.confirm(mirror, name, { version, isAutoApproved });
      await this.keys.learn(mirror, name.namespace, release);
      const { fingerprint: keyFingerprint } = release.key;
      const isKeyApproved = release.trust === 'approved';
      await this.listings.markSynced(known, { version, keyFingerprint, isKeyApproved });
    };
    const incoming = mirroredRelease(version, [fetched]);
    await this.ingest.ingest(mirroredOrigin(mirror, name), incoming, { fence });
    await this.listings.link(known);
    this.metrics.countMirrored(mirror.id, 'provider', 1, sizeBytes);
  }
}
