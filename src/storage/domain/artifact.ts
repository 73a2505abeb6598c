import type { Damage, RepairResult } from './scrub-damage.js';

/** Where an artifact stands in its life (architecture, section 6). */
export type ArtifactState = 'staged' | 'committed' | 'doomed';

/** One stored object as the database knows it. */
export interface Artifact {
  readonly id: string;
  /** Name of the storage that holds the bytes. */
  readonly storage: string;
  /** Path in that storage, see `ArtifactKey`. */
  readonly key: string;
  /** SHA-256, 64 lower-case hex digits. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly state: ArtifactState;
  /** When bytes were last promised or put for this key. */
  readonly stagedAt: Date;
  readonly committedAt: Date | null;
  readonly doomedAt: Date | null;
  /** When the bytes were last read and judged; null until the first time after the upload. */
  readonly verifiedAt: Date | null;
  /** Since when reading the bytes fails although the storage works; null when it does not fail. */
  readonly unreadSince: Date | null;
  /** When the bytes were found to be wrong or gone; null while they are right. */
  readonly damagedAt: Date | null;
  /** In what way; null while they are right. */
  readonly damage: Damage | null;
  /** When a repair was last tried, and how that ended; null until the first attempt. */
  readonly repairTriedAt: Date | null;
  readonly repairResult: RepairResult | null;
}

/** A column of some table that refers to artifacts. Both names are quoted where SQL needs it. */
export interface ArtifactReference {
  readonly table: string;
  readonly column: string;
}
