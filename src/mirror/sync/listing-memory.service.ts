import { Injectable } from '@nestjs/common';
import { MirroredProviders } from '../../providers/mirrored-providers.service.js';
import type { LeftOutReason } from '../domain/mirror-plan.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { ProviderListing } from '../domain/provider-listing.js';
import { MirroredListingsRepository, type SeenVersion } from '../persistence/mirrored-listings.repository.js';
import { planningBasis } from './mirror-filters.js';
import type { PlannedProvider } from './planned-provider.js';
import type { SyncWork } from './sync-work.js';

/** With one of these the next run may have something to do although the upstream changes nothing. */
const WAITING: ReadonlySet<LeftOutReason> = new Set(['cooling-down', 'needs-approval', 'removed-here']);

/** What is remembered of the list of a provider: since when versions are listed, and whether the list has to be read again. */
@Injectable()
export class ListingMemory {
  constructor(
    private readonly listings: MirroredListingsRepository,
    private readonly providers: MirroredProviders,
  ) {}

  /** Remembers what is listed now; gives the id of what is known of the provider, and since when each version is listed. */
  async remember(
    { facts }: SyncWork,
    name: ProviderName,
    { versions }: ProviderListing,
  ): Promise<{ id: string; seen: ReadonlyMap<string, SeenVersion> }> {
    const texts = versions.map(({ text }) => text);
    const id = await facts.lease.write(async () => {
      const ensured = await this.listings.ensure(facts.mirror, name);
      await this.listings.see(ensured, texts);
      return ensured;
    });
    return { id, seen: await this.listings.seen(id) };
  }

  /** A provider was gone through; when nothing is left to do, its list is not read again until something changes. */
  async settle(
    { facts }: SyncWork,
    id: string,
    { listing, name, plan, warnings }: PlannedProvider,
    hasFailed: boolean,
  ): Promise<void> {
    if (listing === undefined) return;
    const isSettled =
      !hasFailed && warnings.length === 0 && !plan.leftOut.some(({ reason }) => WAITING.has(reason));
    const held = await this.providers.held({ host: facts.mirror.upstreamHost, ...name });
    const isRolledBack = warnings.some(({ kind }) => kind === 'upstream_rolled_back');
    await facts.lease.write(async () => {
      await this.listings.link(id);
      await this.listings.settle(id, {
        etag: isSettled ? (listing.etag ?? null) : null,
        basis: planningBasis(facts.mirror, held),
        highestVersion: isRolledBack ? null : listing.newest,
      });
    });
  }
}
