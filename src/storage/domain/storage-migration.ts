/** The job that works on migrations. */
export const MIGRATE_STORAGE = 'migrate-storage';

/**
 * Where a migration stands: `planned` until a worker takes it, `running` while objects are moved, `verifying` while
 * those of the target are read again. `failed` means that objects are left that could not be moved or are damaged.
 */
export type MigrationState =
  'planned' | 'running' | 'paused' | 'verifying' | 'completed' | 'failed' | 'cancelled';

/** States in which a worker has something to do. */
export const WORKING_STATES: readonly MigrationState[] = ['planned', 'running', 'verifying'];

/** States in which a migration claims its source: there is one at a time. */
export const OPEN_STATES: readonly MigrationState[] = [...WORKING_STATES, 'paused'];

/** What an administrator can do with a migration. */
export type MigrationAction = 'pause' | 'resume' | 'cancel' | 'verify';

const POSSIBLE: Record<MigrationAction, readonly MigrationState[]> = {
  pause: WORKING_STATES,
  resume: ['paused', 'failed'],
  cancel: [...OPEN_STATES, 'failed'],
  verify: ['completed', 'failed'],
};

/** Whether `action` is possible in this state. */
export function isPossible(action: MigrationAction, state: MigrationState): boolean {
  return POSSIBLE[action].includes(state);
}

/** A number of objects and their bytes. */
export interface ObjectCount {
  readonly objects: number;
  readonly bytes: number;
}

/** What a storage still has rows for, by what becomes of it. */
export interface SourceCount {
  /** In use: to be moved. */
  readonly used: ObjectCount;
  /** Let go, or staged and not published: the sweep removes it. */
  readonly leftToSweep: ObjectCount;
}

/** What a migration would do now. */
export interface MigrationPlan {
  readonly source: string;
  readonly target: string;
  /** What something refers to in the source: this is moved. */
  readonly toMove: ObjectCount;
  /** The part of it whose bytes are in the target already. */
  readonly inTarget: ObjectCount;
}

/** A move of everything that is used from one storage to another. */
export interface StorageMigration {
  readonly id: string;
  /** Name of the storage, as artifact rows have it. */
  readonly source: string;
  readonly target: string;
  readonly state: MigrationState;
  /** Whether each object is read again from the target before the source lets it go. */
  readonly readsBack: boolean;
  /** What was to be moved, as counted last. */
  readonly objectsTotal: number;
  readonly bytesTotal: number;
  /** Moved: counted by the transaction that moves each. */
  readonly objectsCopied: number;
  readonly bytesCopied: number;
  /** Read again from the target, and intact. A verification begins with zero. */
  readonly objectsVerified: number;
  readonly bytesVerified: number;
  /** The key up to which the verification came; `null` when none is under way. */
  readonly verifiedUpTo: string | null;
  /** Measured by the worker a moment ago. */
  readonly bytesPerSecond: number;
  readonly leaseHolder: string | null;
  /** Rises with every worker that takes the migration; what an older one does afterwards is refused. */
  readonly leaseToken: number;
  /** While a storage does not answer: when it is tried again. */
  readonly waitUntil: Date | null;
  /** How often it was waited for in a row. */
  readonly waits: number;
  readonly lastError: string | null;
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}
