/**
 * Where a page ends: how well the last row fits (0 exact name, 1 name or description, 2 longer texts; always 0 in
 * orders other than by relevance), the value it is ordered by, and its id.
 */
export interface SearchKey {
  readonly tier: number;
  /** Milliseconds, a count, or a folded name. */
  readonly value: string | number;
  readonly id: string;
}
