import type { Platform } from '../../kernel/terraform/platform.js';
import type { Permission } from './mirror-policy.js';
import type { NameFilter, ProviderName } from './name-filter.js';
import type { PlatformFilter } from './platform-filter.js';
import type { ListedVersion, ProviderListing } from './provider-listing.js';
import { compareUpstreamVersions, parseUpstreamVersion, type UpstreamVersion } from './upstream-version.js';
import type { VersionFilter } from './version-filter.js';

/** What a mirror wants. */
export interface MirrorFilters {
  readonly names: NameFilter;
  readonly versions: VersionFilter;
  readonly platforms: PlatformFilter;
}

/** A package that is here already. */
export interface HeldPackage {
  /** The exact text of the upstream. */
  readonly version: string;
  /** `os_arch` */
  readonly platform: string;
  readonly filename: string;
  /** SHA-256 of the package, 64 lower-case hex digits. */
  readonly digest: string;
}

/** What is known of one provider before anything of it is fetched. */
export interface ProviderFacts {
  readonly name: ProviderName;
  readonly listing: ProviderListing;
  readonly held: readonly HeldPackage[];
  /** A provider of this address was published here by hand: no mirror takes it over. */
  readonly isPublishedHere: boolean;
  readonly permission: Permission;
}

/** A version of which something is to be fetched. */
export interface PlannedRelease {
  readonly version: UpstreamVersion;
  /** In the order of the upstream. */
  readonly platforms: readonly Platform[];
  /** What is here of this version: its bytes must be the same upstream still. */
  readonly held: readonly HeldPackage[];
}

/** Why something is left out. */
export type LeftOutReason =
  | 'name-filter'
  | 'denied'
  | 'needs-approval'
  | 'published-here'
  | 'unreadable'
  | 'version-filter'
  | 'platform-filter'
  | 'no-platforms'
  | 'present'
  | 'cooling-down'
  | 'removed-here'
  | 'switched-off';

/** Something of a provider that is not fetched. */
export interface LeftOut {
  /** A version, or a version and a platform as `os/arch`; absent: the whole provider. */
  readonly what?: string;
  readonly reason: LeftOutReason;
  /** More about it, fit to be shown. */
  readonly detail?: string;
}

/** What a run does about one provider. */
export interface ProviderPlan {
  readonly name: ProviderName;
  /** Newest first. */
  readonly releases: readonly PlannedRelease[];
  readonly leftOut: readonly LeftOut[];
  /** Versions that are here and that the upstream no longer lists, newest first. They stay (threat F4). */
  readonly vanished: readonly string[];
  /** The newest version here, when it is newer than everything the upstream lists: its list was rolled back. */
  readonly rolledBackFrom?: string;
}

/** Decides what is fetched of one provider: what upstream lists, filters want, policies allow, and is not here. Pure. */
export function planProvider(facts: ProviderFacts, filters: MirrorFilters): ProviderPlan {
  const lost = lostUpstream(facts);
  const obstacle = obstacleOf(facts, filters);
  if (obstacle !== undefined) return { name: facts.name, releases: [], leftOut: [obstacle], ...lost };
  const leftOut: LeftOut[] = facts.listing.unreadable.map(({ what, reason }) => ({
    what,
    reason: 'unreadable',
    detail: reason,
  }));
  const listed = oncePerVersion(facts.listing.versions);
  const wanted = new Set(filters.versions.select(listed));
  const releases: PlannedRelease[] = [];
  const heldByVersion = Map.groupBy(facts.held, ({ version }) => version);
  for (const one of listed) {
    if (!wanted.has(one)) {
      leftOut.push({ what: one.text, reason: 'version-filter' });
      continue;
    }
    const held = heldByVersion.get(one.text) ?? [];
    const platforms = missingPlatforms(one, held, filters.platforms, leftOut);
    if (platforms.length > 0) {
      releases.push({ version: { text: one.text, version: one.version }, platforms, held });
    }
  }
  return { name: facts.name, releases, leftOut, ...lost };
}

/** What keeps a mirror from a provider before anything is asked about it. */
export function obstacleOf(
  facts: Pick<ProviderFacts, 'name' | 'permission' | 'isPublishedHere'>,
  filters: Pick<MirrorFilters, 'names'>,
): LeftOut | undefined {
  const { permission } = facts;
  if (!filters.names.wants(facts.name)) return { reason: 'name-filter' };
  if (facts.isPublishedHere) {
    return { reason: 'published-here', detail: 'A provider of this address was published here by hand' };
  }
  if (permission.kind === 'allowed') return undefined;
  return { reason: permission.kind, detail: permission.reason };
}

/** Newest first; of a version that is listed several times all platforms together. */
function oncePerVersion(versions: readonly ListedVersion[]): ListedVersion[] {
  const byText = new Map<string, ListedVersion>();
  for (const one of versions) {
    const before = byText.get(one.text);
    byText.set(one.text, before ? { ...one, platforms: [...before.platforms, ...one.platforms] } : one);
  }
  return [...byText.values()].sort((left, right) => compareUpstreamVersions(right, left));
}

function missingPlatforms(
  { text, platforms }: ListedVersion,
  held: readonly HeldPackage[],
  filter: PlatformFilter,
  leftOut: LeftOut[],
): Platform[] {
  const once = [...new Map(platforms.map((one) => [one.key, one])).values()];
  if (once.length === 0) leftOut.push({ what: text, reason: 'no-platforms' });
  return once.filter((platform) => {
    const reason = !filter.wants(platform)
      ? 'platform-filter'
      : held.some((one) => one.platform === platform.key)
        ? 'present'
        : undefined;
    if (reason !== undefined) leftOut.push({ what: `${text} ${platform.toString()}`, reason });
    return reason === undefined;
  });
}

function lostUpstream({ listing, held }: ProviderFacts): Pick<ProviderPlan, 'vanished' | 'rolledBackFrom'> {
  const listed = new Set(listing.versions.map(({ text }) => text));
  const heldVersions = [...new Set(held.map(({ version }) => version))]
    .map(parseUpstreamVersion)
    .filter((one) => one !== undefined)
    .sort((left, right) => compareUpstreamVersions(right, left));
  const vanished = heldVersions.filter(({ text }) => !listed.has(text)).map(({ text }) => text);
  const newestHeld = heldVersions[0];
  const isRolledBack =
    newestHeld !== undefined && listing.versions.every((one) => compareUpstreamVersions(one, newestHeld) < 0);
  return isRolledBack ? { vanished, rolledBackFrom: newestHeld.text } : { vanished };
}
