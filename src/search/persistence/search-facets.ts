const FACET_VALUES = 10;

/** A line of a summary: a value of a facet and how many rows have it. */
export interface FacetRow {
  readonly facet: string;
  readonly value: string;
  readonly count: number;
}

const facetOf = (name: string, from: string, rows: string): string =>
  `UNION ALL (SELECT '${name}', ${name}, ${rows}::int AS count FROM ${from} WHERE ${name} IS NOT NULL
     GROUP BY ${name} ORDER BY count DESC, ${name} COLLATE "C" LIMIT ${FACET_VALUES})`;

/** What rows are counted by. */
export const FACET_COLUMNS = 'd.kind, d.namespace, d.system, d.provider_names';

/** Rows alike: there are few sets of providers, and rows are looked at once for three facets. */
export const ALIKE = `alike AS MATERIALIZED (
  SELECT kind, system, provider_names, count(*) AS rows FROM matched GROUP BY kind, system, provider_names)`;

/** Counts the rows of `matched` (and {@link ALIKE}) by each facet, the most frequent values first. */
export const FACETS = [
  facetOf('kind', 'alike', 'sum(rows)'),
  facetOf('namespace', 'matched', 'count(*)'),
  facetOf('system', 'alike', 'sum(rows)'),
  facetOf('provider', 'alike, unnest(provider_names) AS provider', 'sum(rows)'),
].join('\n');
