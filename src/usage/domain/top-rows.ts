import type { Usage } from './usage.js';

/** A row of a statement that gives the first rows of a top list, each with the sum of all. */
export interface TopRow {
  readonly key: string;
  readonly downloads: string;
  readonly total: string;
}

/** The list. */
export function topOf(rows: readonly TopRow[]): Usage {
  return {
    rows: rows.map(({ key, downloads }) => ({ key, downloads: Number(downloads) })),
    total: Number(rows[0]?.total ?? 0),
  };
}
