import { Injectable } from '@nestjs/common';
import { MirroredProviders } from '../../providers/mirrored-providers.service.js';
import { MirrorGate } from '../domain/mirror-gate.js';
import type { MirrorFilters } from '../domain/mirror-plan.js';
import { obstacleOf, planProvider } from '../domain/mirror-plan.js';
import type { SyncRestriction } from '../domain/mirror-sync.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { ProviderListing, UnreadableLine } from '../domain/provider-listing.js';
import { Mirrors } from '../configuration/mirrors.service.js';
import { MirroredListingsRepository, type SeenVersion } from '../persistence/mirrored-listings.repository.js';
import { RegistryClient } from '../upstream/registry-client.js';
import type { ProviderService } from '../upstream/upstream-registry.js';
import { findWantedProviders } from '../upstream/wanted-providers.js';
import { admitReleases } from './admit-releases.js';
import { listingWarnings, newestOf } from './listing-warnings.js';
import { filtersOf, planningBasis } from './mirror-filters.js';
import type { PlannedProvider, UnchangedProvider, UnplannedProvider } from './planned-provider.js';

/** Where a mirror asks, and which providers it wants. */
export interface OpenedUpstream {
  readonly service: ProviderService;
  readonly filters: MirrorFilters;
  readonly names: readonly ProviderName[];
  /** Lines of the lists of providers that could not be read. */
  readonly unreadable: readonly UnreadableLine[];
}

/** How a provider is planned. */
export interface PlanningOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Told of a list before anything of it is decided; gives since when versions are known. With it, a list that did not
   * change since a run left nothing to do is not read again.
   */
  readonly remember?: (listing: ProviderListing) => Promise<ReadonlyMap<string, SeenVersion>>;
}

/** Decides what a mirror would fetch now, provider by provider (REST contract, section 20). Writes nothing. */
@Injectable()
export class MirrorPlanning {
  constructor(
    private readonly mirrors: Mirrors,
    private readonly registry: RegistryClient,
    private readonly gates: MirrorGate,
    private readonly providers: MirroredProviders,
    private readonly listings: MirroredListingsRepository,
  ) {}

  /**
   * The plan of a mirror, or of the part that `restriction` names. Throws a `MirrorFailure` when the upstream does not
   * say which providers there are; what it says wrongly about one of them is told with that one.
   */
  async *plan(
    mirror: Mirror,
    restriction: SyncRestriction = {},
    signal?: AbortSignal,
  ): AsyncGenerator<PlannedProvider | UnplannedProvider> {
    const opened = await this.open(mirror, restriction, signal);
    for (const name of opened.names) {
      const planned = await this.provider(mirror, opened, name, { signal }).catch((error: unknown) => {
        if (signal?.aborted) throw error;
        return { kind: 'failed', name, error } as const;
      });
      if (planned.kind !== 'unchanged') yield planned;
    }
  }

  /** Finds the upstream and the providers that are wanted of it. Throws a `MirrorFailure`. */
  async open(mirror: Mirror, restriction: SyncRestriction, signal?: AbortSignal): Promise<OpenedUpstream> {
    const filters = filtersOf(mirror, restriction);
    const service = await this.registry.discover(await this.mirrors.upstreamOf(mirror), signal);
    const found = await findWantedProviders(this.registry, service, filters.names, signal);
    return { service, filters, ...found };
  }

  /** The plan of one provider: policies and approvals are asked before the upstream. Throws a `MirrorFailure`. */
  async provider(
    mirror: Mirror,
    { service, filters }: Pick<OpenedUpstream, 'service' | 'filters'>,
    name: ProviderName,
    { signal, remember }: PlanningOptions = {},
  ): Promise<PlannedProvider | UnchangedProvider> {
    const gate = await this.gates.of(mirror, name);
    const known = await this.listings.find(mirror, name);
    const permission = gate.mayAdmitVersions ? ({ kind: 'allowed' } as const) : gate.permission;
    const isPublishedHere = await this.providers.isPublishedHere(name);
    const obstacle =
      known?.isSyncEnabled === false
        ? ({ reason: 'switched-off' } as const)
        : obstacleOf({ name, permission, isPublishedHere }, filters);
    if (obstacle) {
      const plan = { name, releases: [], leftOut: [obstacle], vanished: [] };
      return { kind: 'planned', name, service, gate, plan, warnings: [] };
    }
    const held = await this.providers.held({ host: mirror.upstreamHost, ...name });
    const basis = planningBasis(mirror, held);
    const etag = remember && known?.listingBasis === basis ? known.listingEtag : null;
    const answer = await this.registry.versions(service, name, etag === null ? {} : { etag }, signal);
    if (answer.kind === 'not-modified') return { kind: 'unchanged', name };
    const { listing } = answer;
    const seen = await (remember?.(listing) ?? (known ? this.listings.seen(known.id) : new Map()));
    const whole = planProvider({ name, listing, held, isPublishedHere, permission }, filters);
    const plan = admitReleases(whole, { mirror, gate, held, seen, now: new Date() });
    const newest = newestOf(listing);
    return {
      ...{ kind: 'planned', name, service, gate, plan },
      warnings: listingWarnings(plan, newest, known?.highestVersion ?? null),
      listing: { basis, newest, ...(answer.etag !== undefined && { etag: answer.etag }) },
    };
  }
}
