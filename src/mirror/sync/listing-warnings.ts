import type { ProviderPlan } from '../domain/mirror-plan.js';
import type { ProviderListing } from '../domain/provider-listing.js';
import { compareUpstreamVersions, parseUpstreamVersion } from '../domain/upstream-version.js';
import type { ListingWarning } from './planned-provider.js';

const MAX_NAMED = 20;

/** The newest version that an upstream lists. */
export function newestOf({ versions }: ProviderListing): string | null {
  return [...versions].sort((left, right) => compareUpstreamVersions(right, left))[0]?.text ?? null;
}

/** What an upstream took back (threat F4); `highestBefore` is the newest version that it ever listed. */
export function listingWarnings(
  { name, rolledBackFrom, vanished }: ProviderPlan,
  newest: string | null,
  highestBefore: string | null,
): ListingWarning[] {
  const about = `${name.namespace}/${name.type}`;
  const warnings: ListingWarning[] = [];
  const from = rolledBackFrom ?? (isOlder(newest, highestBefore) ? highestBefore : undefined);
  if (typeof from === 'string') {
    const to = newest === null ? 'lists nothing any more' : `lists ${newest} as its newest version`;
    const sentence = `${about}: the upstream ${to}, after it had ${from}; what is here is kept`;
    warnings.push({ kind: 'upstream_rolled_back', sentence });
  }
  if (vanished.length > 0) {
    const named = vanished.slice(0, MAX_NAMED).join(', ');
    const more = vanished.length > MAX_NAMED ? ` and ${vanished.length - MAX_NAMED} more` : '';
    const sentence = `${about}: the upstream no longer lists ${named}${more}; what is here is kept`;
    warnings.push({ kind: 'version_vanished', sentence });
  }
  return warnings;
}

function isOlder(newest: string | null, before: string | null): boolean {
  const left = parseUpstreamVersion(newest);
  const right = parseUpstreamVersion(before);
  return right !== undefined && (left === undefined || compareUpstreamVersions(left, right) < 0);
}
