/** Name of the job that does a run. */
export const SYNC_MIRROR = 'sync-mirror';

/** What the job of a run is given. */
export interface SyncJobPayload {
  readonly syncId: string;
  readonly mirrorId: string;
}

/** What asked for a run. */
export type SyncTrigger = 'manual' | 'scheduler';

export type SyncStatus = 'running' | 'success' | 'failed' | 'cancelled';

/** The part of a mirror that a run is for; without fields it is for all of it. */
export interface SyncRestriction {
  readonly namespace?: string | null;
  readonly providerType?: string | null;
}

/** One run of a mirror (REST contract, section 20). */
export interface MirrorSync {
  readonly id: string;
  readonly mirrorId: string;
  readonly triggeredBy: SyncTrigger;
  readonly namespace: string | null;
  readonly providerType: string | null;
  readonly status: SyncStatus;
  /** It ends before its next package. */
  readonly isCancelRequested: boolean;
  /** `null` until the upstream has said which providers there are. */
  readonly providersPlanned: number | null;
  /** Of the providers that were gone through so far. */
  readonly packagesPlanned: number | null;
  /** Stored or failed. */
  readonly packagesDone: number;
  /** Of stored packages. */
  readonly bytesDone: number;
  readonly providersSynced: number;
  readonly providersFailed: number;
  readonly errorMessage: string | null;
  /** A `SyncDetails`; `null` until the first provider was gone through. */
  readonly details: unknown;
  readonly startedAt: Date;
  readonly completedAt: Date | null;
}

/** What became of one package in a run. */
export interface MirrorSyncLine {
  readonly syncId: string;
  readonly namespace: string;
  readonly providerType: string;
  /** The exact text of the upstream. */
  readonly version: string;
  /** `os_arch` */
  readonly platform: string;
  readonly outcome: 'stored' | 'failed';
  readonly bytes: number;
  readonly errorCode: string | null;
  readonly message: string | null;
  readonly createdAt: Date;
}

/** What one package of a run is called, and what became of it. */
export type SyncLineDraft = Omit<MirrorSyncLine, 'syncId' | 'createdAt'>;

/** The right to work on a run: what is written with a token that is not the present one changes nothing. */
export interface SyncLeaseToken {
  readonly syncId: string;
  readonly token: number;
}
