/** Reading all artifacts of one storage again: the cycle under way, or the latest one. */
export interface ScrubCycle {
  /** Name of the storage. */
  readonly storage: string;
  /** Everything that was last read before is due; null before the first cycle. */
  readonly cycleStartedAt: Date | null;
  /** Null while the cycle is under way. */
  readonly cycleEndedAt: Date | null;
  /** When a cycle last read everything. */
  readonly lastFullCycleAt: Date | null;
  /** What this cycle has read and found so far. */
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: number;
  readonly repaired: number;
  /** Why it does not go on; null while it can. */
  readonly problem: string | null;
  /** When that is tried again. */
  readonly retryAt: Date | null;
}

/** What is to be done for a storage. */
export interface ScrubTask {
  /** Something was not read for the interval, and no cycle is under way. */
  readonly startsCycle: boolean;
  readonly isCycleUnderWay: boolean;
  /** Damaged artifacts whose repair was not tried lately. */
  readonly hasRepairs: boolean;
}

/** What a cycle did since it was last noted. */
export interface ScrubProgress {
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: number;
  readonly repaired: number;
}

/** What is known about the artifacts of a storage. */
export interface ScrubCounts {
  /** Committed artifacts. */
  readonly artifacts: number;
  /** Those that the cycle under way has yet to read. */
  readonly due: number;
  readonly damaged: number;
  /** Those whose bytes could not be read lately, although the storage works. */
  readonly unread: number;
  /** When the artifact was read that was read longest ago; the upload counts. Null without artifacts. */
  readonly oldestVerificationAt: Date | null;
}
