import { Injectable } from '@nestjs/common';
import { Platform } from '../../kernel/terraform/platform.js';
import { MirroredClaims } from '../../orgs/mirrored-claims.service.js';
import { MemoryCache } from '../../platform/cache/memory-cache.js';
import { MirrorGate } from '../domain/mirror-gate.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { FailedQuestion, OfferedVersion, ProviderOffer } from '../domain/pulled-offer.js';
import { PullRefused, UpstreamUnavailable } from '../domain/pull-through.errors.js';
import { Mirrors } from '../configuration/mirrors.service.js';
import { PackagePulls, type PulledPackage } from './package-pulls.service.js';
import { ProviderOffers } from './provider-offers.service.js';
import { pulledFilters } from './pulled-filters.js';
import { ReleaseOffers } from './release-offers.service.js';

/** A provider of an upstream, by the host of which it is asked for. */
export interface PulledAddress extends ProviderName {
  readonly host: string;
}

/** What mirrors with pull-through add to what is here: it is fetched when somebody asks for it. */
@Injectable()
export class PullThrough {
  /** By host; a change of a mirror is seen within a second. */
  private readonly pulled = new MemoryCache<readonly Mirror[]>({ lifeMs: 1_000, maxEntries: 1_000 });
  /** By `host/namespace/type`: for whom a provider is here already, as far as it is. */
  private readonly mirroredFor = new MemoryCache<string | null | undefined>({
    lifeMs: 1_000,
    maxEntries: 10_000,
  });
  /** By mirror and provider: those who ask at the same time share what policies and upstream say. */
  private readonly offering = new MemoryCache<ProviderOffer>({ lifeMs: 1_000, maxEntries: 10_000 });

  constructor(
    private readonly mirrors: Mirrors,
    private readonly gates: MirrorGate,
    private readonly offers: ProviderOffers,
    private readonly releases: ReleaseOffers,
    private readonly pulls: PackagePulls,
    private readonly claims: MirroredClaims,
  ) {}

  /**
   * The mirror that fetches this provider when somebody asks for it, whatever policies say; none where it is here for
   * other readers than those of the mirror.
   */
  async mirrorOf({ host, namespace, type }: PulledAddress): Promise<Mirror | undefined> {
    const { value: mirrors } = await this.pulled.get(host, () => this.of(host));
    const mirror = mirrors.find((one) => pulledFilters(one).names.wants({ namespace, type }));
    if (mirror === undefined) return undefined;
    const readers = `${host}/${namespace}/${type}`;
    const { value: owner } = await this.mirroredFor.get(readers, () => this.claims.mirroredFor(readers));
    return owner === undefined || owner === mirror.organizationId ? mirror : undefined;
  }

  /**
   * The versions of which something can be fetched. `isNeeded`: nothing is here; then a failure of the upstream is told.
   *
   * @throws UpstreamUnavailable, PullRefused, UpstreamQuestionPending
   */
  async versions(mirror: Mirror, name: ProviderName, isNeeded: boolean): Promise<string[]> {
    return Object.keys(await this.offered(mirror, name, isNeeded));
  }

  /**
   * The digests of packages of a version that can be fetched, by `os_arch`.
   *
   * @throws UpstreamUnavailable, PullRefused, UpstreamQuestionPending
   */
  async digests(
    mirror: Mirror,
    name: ProviderName,
    version: string,
    isNeeded: boolean,
  ): Promise<Readonly<Record<string, string>>> {
    const offered = (await this.offered(mirror, name, isNeeded))[version];
    if (offered === undefined) return {};
    const release = await this.releases.of(mirror, name, version, offered);
    if (release.kind === 'offered') return release.digests;
    return isNeeded ? fail(release) : {};
  }

  /**
   * A package, fetched now unless it is here; `undefined` when it is not offered.
   *
   * @throws UpstreamUnavailable, PullRefused, UpstreamQuestionPending, and the failures of `PackagePulls.pull`
   */
  async package(
    mirror: Mirror,
    name: ProviderName,
    version: string,
    platform: string,
  ): Promise<PulledPackage | undefined> {
    const offered = (await this.offered(mirror, name, true))[version];
    if (offered === undefined || !offered.platforms.includes(platform)) return undefined;
    return this.pulls.pull({ mirror, name, version, offered, platform: Platform.parseKey(platform) });
  }

  private async of(host: string): Promise<readonly Mirror[]> {
    const mirrors = await this.mirrors.list(undefined, { onlyEnabled: true });
    return mirrors
      .filter(({ isPullThrough, upstreamHost }) => isPullThrough && upstreamHost === host)
      .sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
  }

  private async offered(
    mirror: Mirror,
    name: ProviderName,
    isNeeded: boolean,
  ): Promise<Readonly<Record<string, OfferedVersion>>> {
    const key = `${mirror.id} ${mirror.updatedAt.getTime()} ${name.namespace}/${name.type}`;
    const { value: offer } = await this.offering.get(key, () => this.offer(mirror, name));
    if (offer.kind === 'offered') return offer.versions;
    if (offer.kind === 'absent' || !isNeeded) return {};
    return fail(offer);
  }

  private async offer(mirror: Mirror, name: ProviderName): Promise<ProviderOffer> {
    // What was remembered of the upstream may be older than a decision of somebody here.
    const { permission, mayAdmitVersions } = await this.gates.of(mirror, name);
    if (permission.kind === 'allowed' || mayAdmitVersions) return this.offers.of(mirror, name);
    const isNews = permission.kind === 'needs-approval' && !permission.isRequested;
    if (isNews) await this.gates.request(mirror, name);
    return { kind: 'absent' };
  }
}

function fail({ isTransient, message }: FailedQuestion): never {
  throw isTransient ? new UpstreamUnavailable(message) : new PullRefused(message);
}
