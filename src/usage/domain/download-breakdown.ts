/** By what downloads are told apart beside target and day. */
export type BreakdownDimension = 'client' | 'organization';

/** Downloads of one target that have something in common. */
export interface BreakdownCount {
  readonly targetId: string;
  readonly dimension: BreakdownDimension;
  /** A client as `clientName` calls it, or the id of an organization; never empty. */
  readonly value: string;
  readonly downloads: number;
}

/** Where some downloads came from; empty where that is not known. */
interface Origin {
  readonly targetId: string;
  readonly client: string;
  readonly organizationId: string;
  readonly downloads: number;
}

/**
 * Adds up what is known about the downloads in `counts`. What is known of more downloads than a target has is left
 * out, so that no sum ever exceeds the exact count; what is missing to it is unknown.
 */
export function breakdownOf(
  counts: ReadonlyMap<string, number>,
  origins: Iterable<Origin>,
): readonly BreakdownCount[] {
  const seen = new Map<string, number>();
  const sums = new Map<string, { -readonly [K in keyof BreakdownCount]: BreakdownCount[K] }>();
  const add = (targetId: string, dimension: BreakdownDimension, value: string, downloads: number): void => {
    if (value === '') return;
    const key = `${targetId} ${dimension} ${value}`;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { targetId, dimension, value, downloads });
    else sum.downloads += downloads;
  };
  for (const { targetId, client, organizationId, downloads } of origins) {
    const before = seen.get(targetId) ?? 0;
    const known = Math.min(downloads, (counts.get(targetId) ?? 0) - before);
    if (known <= 0) continue;
    seen.set(targetId, before + known);
    add(targetId, 'client', client, known);
    add(targetId, 'organization', organizationId, known);
  }
  return [...sums.values()];
}
