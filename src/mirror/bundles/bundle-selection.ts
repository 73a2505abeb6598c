import { InvalidBundleSelection } from '../domain/bundle.errors.js';
import { NameFilter } from '../domain/name-filter.js';
import { PlatformFilter } from '../domain/platform-filter.js';
import { VersionFilter } from '../domain/version-filter.js';
import { BundleInventory } from './bundle-inventory.js';

/** What an export was asked for, as it was written; everything that is absent is "all". */
export interface SelectionInput {
  readonly hosts?: readonly string[] | undefined;
  readonly namespaces?: readonly string[] | undefined;
  readonly types?: readonly string[] | undefined;
  readonly versions?: string | undefined;
  readonly platforms?: readonly string[] | undefined;
  readonly withPrereleases?: boolean | undefined;
  /** What the other side has. */
  readonly inventory?: unknown;
}

/** What goes into a bundle. */
export interface BundleSelection {
  /** In lower case; `null`: all. */
  readonly hosts: ReadonlySet<string> | null;
  /** `null`: all. */
  readonly names: NameFilter | null;
  readonly versions: VersionFilter;
  readonly platforms: PlatformFilter;
  readonly inventory: BundleInventory;
}

const MAX_HOSTS = 500;

/**
 * Reads a selection; filters are those of mirrors. Throws `InvalidNameFilter`, `InvalidVersionFilter`,
 * `InvalidPlatformFilter`, {@link InvalidBundleSelection}.
 */
export function parseSelection(input: SelectionInput): BundleSelection {
  const { hosts = [], namespaces = [], types = [], withPrereleases = true } = input;
  if (hosts.length > MAX_HOSTS)
    throw new InvalidBundleSelection('hosts', `it has at most ${MAX_HOSTS} entries`);
  const hasNames = namespaces.length > 0 || types.length > 0;
  return {
    hosts: hosts.length === 0 ? null : new Set(hosts.map((host) => host.toLowerCase())),
    // A type alone means any namespace here: what is exported is here already, whoever published it.
    names: hasNames ? NameFilter.parse(namespaces.length === 0 ? ['*'] : namespaces, types) : null,
    versions: VersionFilter.parse(input.versions, { withPrereleases }),
    platforms: PlatformFilter.parse(input.platforms),
    inventory: input.inventory === undefined ? BundleInventory.empty : BundleInventory.parse(input.inventory),
  };
}
