import type { BreakerPolicy } from './circuit-breaker.js';
import type { RetryPolicy } from './retry-policy.js';

/** How failures of a store are dealt with; the defaults are those of `StorageResilienceConfig`. */
export interface ResiliencePolicy extends RetryPolicy, BreakerPolicy {
  /** Longest time until a store answers, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest time in which an open download brings nothing although somebody waits for it, in milliseconds. */
  readonly idleTimeoutMs: number;
}
