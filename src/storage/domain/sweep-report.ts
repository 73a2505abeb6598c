/** What a sweep did, in objects. */
export interface SweepCounts {
  readonly doomed: number;
  /** Objects without a row that got a doomed one. */
  readonly adopted: number;
  readonly removed: number;
  /** Deletions that an earlier sweep had begun. */
  readonly finished: number;
  /** Uploads that were begun and never finished, and objects of connectivity tests. */
  readonly unfinished: number;
}

/** The same for one storage. */
export interface StorageSweep extends SweepCounts {
  readonly storage: string;
  /** Why the storage was left alone from some point on. */
  readonly problem?: Error;
}

/** What a sweep did: in all, and storage by storage. */
export interface SweepReport extends SweepCounts {
  readonly storages: readonly StorageSweep[];
  readonly tempFiles: number;
}

export const NOTHING_SWEPT: SweepCounts = { doomed: 0, adopted: 0, removed: 0, finished: 0, unfinished: 0 };

/** The sum of what was done. */
export function sumOfSweeps(sweeps: readonly SweepCounts[]): SweepCounts {
  return sweeps.reduce(
    (sum, one) => ({
      doomed: sum.doomed + one.doomed,
      adopted: sum.adopted + one.adopted,
      removed: sum.removed + one.removed,
      finished: sum.finished + one.finished,
      unfinished: sum.unfinished + one.unfinished,
    }),
    NOTHING_SWEPT,
  );
}
