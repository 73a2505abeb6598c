import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { Clock } from '../kernel/clock.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { OrgAccess } from '../orgs/org-access.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { dayOf } from './domain/day.js';
import type { DownloadTarget, Usage, UsageRow, UsageSummary } from './domain/usage.js';
import { UsageNotYours } from './domain/usage.errors.js';
import type { UsageRequest } from './domain/usage-request.js';
import type { DownloadSource } from './download-sources.js';
import { type Sums, UsageSums } from './usage-sums.service.js';

/** Under what downloads for organizations are added up that the caller may not see. */
const OTHERS = 'other';

/** What all addresses have. */
interface Addressed {
  readonly namespace: string;
}

/** How often one module or provider was downloaded (REST contract 30.7). */
@Injectable()
export class UsageReports {
  constructor(
    private readonly sums: UsageSums,
    private readonly namespaces: Namespaces,
    private readonly access: OrgAccess,
    private readonly organizations: Organizations,
    private readonly clock: Clock,
  ) {}

  /**
   * The downloads of something, divided as asked. Versions come newest first, days in their order, everything else
   * by downloads; what has none is left out. Throws `source.notFound()` and {@link UsageNotYours}.
   */
  async report<Address extends Addressed>(
    principal: IdentifiedPrincipal,
    source: DownloadSource<Address>,
    address: Address,
    { range, by }: UsageRequest,
  ): Promise<Usage> {
    await this.assertMaySee(principal, source, address);
    const targets = await source.targets(address);
    const ids = targets.map(({ targetId }) => targetId);
    switch (by) {
      case 'version':
        return usageOf(byVersion(targets, await this.sums.byTarget(ids, range)));
      case 'day':
        return usageOf(rowsOf(await this.sums.byDay(ids, range)).toSorted(byKey));
      case 'client':
        return usageOf(rowsOf(await this.sums.byOrigin(ids, range, 'client')).toSorted(byDownloads));
      case 'organization': {
        const named = await this.named(principal, await this.sums.byOrigin(ids, range, 'organization'));
        return usageOf(rowsOf(named).toSorted(byDownloads));
      }
    }
  }

  /** The downloads of something until today, for whoever may read it. Throws `source.notFound()`. */
  async summary<Address>(source: DownloadSource<Address>, address: Address): Promise<UsageSummary> {
    const targets = await source.targets(address);
    return this.sums.summary(
      targets.map(({ targetId }) => targetId),
      dayOf(this.clock.now()),
    );
  }

  private async assertMaySee<Address extends Addressed>(
    principal: IdentifiedPrincipal,
    source: DownloadSource<Address>,
    address: Address,
  ): Promise<void> {
    const { scope } = source;
    const readers = (await source.readersOf?.(address)) ?? address.namespace;
    const claim = await this.namespaces.findReaders(readers);
    const decision = await this.access.readDecision(principal, readers, scope);
    const { name = '', organizationId = null } = claim ?? {};
    if (organizationId !== null && this.access.mayActInNamespace(principal, name, organizationId, scope)) {
      return;
    }
    throw decision === 'allowed' ? new UsageNotYours() : source.notFound();
  }

  /** Names instead of ids, where the caller may know them. */
  private async named(principal: IdentifiedPrincipal, sums: Sums): Promise<Sums> {
    const visible = this.access.visibleOrganizations(principal, 'organizations:read');
    const ids = [...sums.keys()].filter((id) => id !== '' && (visible === 'all' || visible.includes(id)));
    const names = await this.organizations.namesOf(ids);
    const named = new Map<string, number>();
    for (const [id, downloads] of sums) {
      const name = id === '' ? '' : (names.get(id) ?? OTHERS);
      named.set(name, (named.get(name) ?? 0) + downloads);
    }
    return named;
  }
}

function byVersion(targets: readonly DownloadTarget[], sums: Sums): UsageRow[] {
  const versions = new Map<string, number>();
  for (const { targetId, version } of targets) {
    versions.set(version, (versions.get(version) ?? 0) + (sums.get(targetId) ?? 0));
  }
  return rowsOf(versions);
}

function rowsOf(sums: Sums): UsageRow[] {
  return [...sums].filter(([, downloads]) => downloads > 0).map(([key, downloads]) => ({ key, downloads }));
}

function usageOf(rows: readonly UsageRow[]): Usage {
  return { rows, total: rows.reduce((sum, { downloads }) => sum + downloads, 0) };
}

function byKey(one: UsageRow, other: UsageRow): number {
  return one.key < other.key ? -1 : 1;
}

function byDownloads(one: UsageRow, other: UsageRow): number {
  return other.downloads - one.downloads || byKey(one, other);
}
