/** Why an object was not moved, or did not pass the verification. */
export const FAILURE_SENTENCES = {
  'source-missing': 'The source has no bytes for this object, and no other storage has them',
  'source-damaged':
    'The bytes in the source do not have the digest of this object, and no other storage has them',
  'target-missing': 'The target has no bytes for this object',
  'target-damaged': 'The bytes in the target do not have the digest of this object',
  'target-differs': 'The target has another object of this name',
  refused: 'A storage refuses this object',
  unavailable: 'A storage did not answer; it is tried again until it does',
  unexpected: 'The object could not be moved, the reason is in the log of the server',
} as const;

export type FailureReason = keyof typeof FAILURE_SENTENCES;

/** While objects are copied, or while those of the target are verified. */
export type FailurePhase = 'copy' | 'verify';

/** One object that could not be moved so far, or is damaged in the target. Its source object is left alone. */
export interface MigrationFailure {
  readonly key: string;
  readonly phase: FailurePhase;
  readonly reason: FailureReason;
  /** A sentence for a person. */
  readonly message: string;
  readonly attempts: number;
  /** `null`: not before somebody resumes the migration. */
  readonly nextAttemptAt: Date | null;
  readonly failedAt: Date;
}

const MAX_ATTEMPTS = 5;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 300_000;

/** How long to wait after the `attempts`-th failure in a row, in milliseconds. */
export function waitAfter(attempts: number): number {
  return Math.min(FIRST_WAIT_MS * 4 ** Math.max(0, attempts - 1), LONGEST_WAIT_MS);
}

/** Whether an object is given up after so many attempts. What is only unreachable never is. */
export function isGivenUp(reason: FailureReason, attempts: number): boolean {
  return reason !== 'unavailable' && attempts >= MAX_ATTEMPTS;
}
