import type { Mirror } from '../domain/mirror.js';
import type { MirrorFilters } from '../domain/mirror-plan.js';
import { NameFilter } from '../domain/name-filter.js';
import { filtersOf } from '../sync/mirror-filters.js';

const EVERYTHING = NameFilter.parse(['*'], ['*']);

/**
 * What may be fetched when somebody asks for it: what the filters of the mirror want. Without a filter for names a run
 * wants nothing, but here a name is given each time.
 */
export function pulledFilters(mirror: Mirror): MirrorFilters {
  const filters = filtersOf(mirror);
  return filters.names.isEmpty ? { ...filters, names: EVERYTHING } : filters;
}
