/** Which part of a list is wanted. `limit` ≥ 1, `offset` ≥ 0. */
export interface PageRequest {
  readonly limit: number;
  readonly offset: number;
}

/** A part of a list, and how long the whole list is. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Length of the whole list; with `totalCapped` at least that long. */
  readonly total: number;
  /** Counting stopped at `total`. */
  readonly totalCapped?: boolean;
}
