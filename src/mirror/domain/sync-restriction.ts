import { Glob } from './glob.js';
import { InvalidSyncRestriction } from './mirror-configuration.errors.js';
import type { Mirror } from './mirror.js';
import type { SyncRestriction } from './mirror-sync.js';
import { NameFilter } from './name-filter.js';

/** What was asked for of a mirror; nothing and empty texts are no restriction. */
export interface WantedPart {
  readonly namespace?: string | null | undefined;
  readonly providerName?: string | null | undefined;
}

/**
 * The part of a mirror that a run is to be for, in lower case. Throws {@link InvalidSyncRestriction} for what is no
 * name, and for what the filters of the mirror do not want: a run of it would silently do nothing.
 */
export function syncRestriction(
  mirror: Pick<Mirror, 'namespaceFilter' | 'providerFilter'>,
  wanted: WantedPart,
): SyncRestriction {
  const namespace = nameIn('namespace', wanted.namespace);
  const providerType = nameIn('provider_name', wanted.providerName);
  const filter = NameFilter.parse(mirror.namespaceFilter, mirror.providerFilter);
  const isRestricted = namespace !== undefined || providerType !== undefined;
  const part = filter.restrictedTo({
    ...(namespace !== undefined && { namespace }),
    ...(providerType !== undefined && { type: providerType }),
  });
  if (isRestricted && part.isEmpty) {
    const field = namespace === undefined ? 'provider_name' : 'namespace';
    throw new InvalidSyncRestriction(field, 'the filters of the mirror do not want it; change them first');
  }
  return { namespace: namespace ?? null, providerType: providerType ?? null };
}

function nameIn(field: 'namespace' | 'provider_name', text: string | null | undefined): string | undefined {
  if (text === null || text === undefined || text === '') return undefined;
  const glob = Glob.tryParse(text);
  if (glob?.isExact === true) return glob.text;
  throw new InvalidSyncRestriction(field, 'write one exact name; wildcards belong into the filters');
}
