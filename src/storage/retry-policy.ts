import { setTimeout as pause } from 'node:timers/promises';

/** How often something is tried, and how long the pauses are. */
export interface RetryPolicy {
  /** The first attempt included. */
  readonly maxAttempts: number;
  /** Longest pause before the second attempt, in milliseconds; doubled with each further one. */
  readonly retryBaseDelayMs: number;
  /** Longest pause of all, in milliseconds. */
  readonly retryMaxDelayMs: number;
}

/**
 * The pause after this many failed attempts, in milliseconds: any time up to the limit ("full jitter"), so that
 * callers who failed together do not come back together.
 */
export function retryDelayMs(
  { retryBaseDelayMs, retryMaxDelayMs }: RetryPolicy,
  failures: number,
  random: () => number = Math.random,
): number {
  return random() * Math.min(retryMaxDelayMs, retryBaseDelayMs * 2 ** (failures - 1));
}

/** Waits `ms` milliseconds; rejects at once with the reason of `signal` when that is aborted. */
export async function pauseBeforeRetry(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await pause(ms, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
