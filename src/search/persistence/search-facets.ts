const FACET_VALUES = 10;

/** A line of a summary: a value of a facet and how many rows have it. */
export interface FacetRow {
  readonly facet: string;
  readonly value: string;
  readonly count: number;
}

const facetOf = (name: string, value: string, from = 'matched', count = 'count(*)'): string =>
  `UNION ALL (SELECT '${name}', ${value}, ${count}::int AS count FROM ${from} WHERE ${value} IS NOT NULL
     GROUP BY ${value} ORDER BY count DESC, ${value} COLLATE "C" LIMIT ${FACET_VALUES})`;

/** Most rows have the same few sets of providers, so that sets are counted and not their members. */
const PROVIDER_SETS = `(SELECT provider_names, count(*) AS rows FROM matched GROUP BY provider_names) AS sets,
  unnest(provider_names) AS provider`;

/** Counts the rows of `matched` by each facet, the most frequent values first. */
export const FACETS = [
  facetOf('kind', 'kind'),
  facetOf('namespace', 'namespace'),
  facetOf('system', 'system'),
  facetOf('provider', 'provider', PROVIDER_SETS, 'sum(rows)'),
].join('\n');
