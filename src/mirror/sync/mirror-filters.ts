import { createHash } from 'node:crypto';
import type { HeldPackage, MirrorFilters } from '../domain/mirror-plan.js';
import type { SyncRestriction } from '../domain/mirror-sync.js';
import type { Mirror } from '../domain/mirror.js';
import { NameFilter } from '../domain/name-filter.js';
import { PlatformFilter } from '../domain/platform-filter.js';
import { VersionFilter } from '../domain/version-filter.js';

/** What a mirror wants, or the part of it that `restriction` names. */
export function filtersOf(mirror: Mirror, { namespace, providerType }: SyncRestriction = {}): MirrorFilters {
  const { withPrereleases } = mirror;
  return {
    names: NameFilter.parse(mirror.namespaceFilter, mirror.providerFilter).restrictedTo({
      ...(typeof namespace === 'string' && { namespace }),
      ...(typeof providerType === 'string' && { type: providerType }),
    }),
    versions: VersionFilter.parse(mirror.versionFilter, { withPrereleases }),
    platforms: PlatformFilter.parse(mirror.platformFilter),
  };
}

/** A digest of what decides beside the list of the upstream: with another one the list has to be planned again. */
export function planningBasis(
  mirror: Mirror,
  held: readonly Pick<HeldPackage, 'version' | 'platform'>[],
): string {
  const { versionFilter, platformFilter, withPrereleases, keepVersions, keepUsedDays } = mirror;
  const packages = held.map(({ version, platform }) => `${version} ${platform}`).sort();
  const facts = [versionFilter, platformFilter, withPrereleases, keepVersions, keepUsedDays, packages];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}
