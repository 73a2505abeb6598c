import { Logger } from '@nestjs/common';
import type { Metrics, StorageOperation } from '../platform/metrics/metrics.js';
import { CircuitBreaker, type BreakerState } from './circuit-breaker.js';
import { DeadlinePassed, within } from './deadline.js';
import { ObjectStoreUnavailable } from './object-store.errors.js';
import type { ResiliencePolicy } from './resilience-policy.js';
import { pauseBeforeRetry, retryDelayMs } from './retry-policy.js';
import { isAnswer, namedFailure, outcomeOf } from './store-failures.js';

/** Another attempt may show before its time that the store works again. */
const LOOK_AGAIN_MS = 50;

/** How an operation is attempted. */
export interface AttemptOptions<T> {
  /** Ends pauses, and then the operation, with its reason; the work itself has to watch it too. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time until the result, in milliseconds; without it the store decides. */
  readonly deadlineMs?: number;
  /** Takes a result that came after the deadline. */
  readonly discard?: (late: T) => void;
  /** Whether the operation may be tried again after this failure; always unless given. */
  readonly mayRepeat?: (failure: ObjectStoreUnavailable) => boolean;
}

/**
 * Asks one store: each attempt has a deadline and passes the circuit breaker, unavailable ones are repeated after a
 * pause, and everything is measured.
 */
export class StoreAttempts {
  private readonly logger = new Logger('Storage');
  private readonly breaker: CircuitBreaker;
  private lastFailure: unknown;

  /** `name` is that of the storage, for the log. */
  constructor(
    private readonly driver: string,
    private readonly name: string,
    private readonly policy: ResiliencePolicy,
    private readonly metrics: Metrics,
  ) {
    this.breaker = new CircuitBreaker(policy, (from, to) => this.tell(from, to));
    metrics.moveStorageBreaker(driver, undefined, this.breaker.state);
  }

  /** One operation with all its attempts. */
  async run<T>(
    operation: StorageOperation,
    work: () => Promise<T>,
    options: AttemptOptions<T> = {},
  ): Promise<T> {
    const startedMs = performance.now();
    try {
      const result = await this.repeated(operation, work, options);
      this.observe(operation, performance.now() - startedMs);
      return result;
    } catch (error) {
      this.observe(operation, performance.now() - startedMs, error);
      throw error;
    }
  }

  /** One attempt; `ObjectStoreUnavailable` at once while the breaker is open. */
  async once<T>(
    operation: StorageOperation,
    work: () => Promise<T>,
    options: AttemptOptions<T> = {},
  ): Promise<T> {
    options.signal?.throwIfAborted();
    const attempt = this.breaker.admit();
    if (!attempt) throw new ObjectStoreUnavailable(`${this.driver} ${operation}: left alone after failures`);
    try {
      const result = await this.timed(operation, work, options);
      attempt.succeeded();
      return result;
    } catch (failure) {
      if (options.signal?.aborted) attempt.withdrawn();
      else if (failure instanceof ObjectStoreUnavailable) {
        this.lastFailure = failure.cause;
        attempt.failed();
      } else if (isAnswer(failure)) attempt.succeeded();
      else attempt.withdrawn();
      options.signal?.throwIfAborted();
      throw failure;
    }
  }

  /** Work without the breaker, as the next step of something that was let through. Fails as an attempt does. */
  async timed<T>(
    operation: StorageOperation,
    work: () => Promise<T>,
    { deadlineMs, discard }: AttemptOptions<T>,
  ): Promise<T> {
    const attempt = `${this.driver} ${operation}`;
    try {
      return await (deadlineMs === undefined ? work() : within(deadlineMs, work(), discard));
    } catch (error) {
      if (error instanceof DeadlinePassed) throw new ObjectStoreUnavailable(attempt, { cause: error });
      throw namedFailure(attempt, error);
    }
  }

  /** Whether to try again after so many failures: some are left, and the store is not left alone. */
  mayRetry(failures: number): boolean {
    return failures < this.policy.maxAttempts && this.breaker.admitsInMs === 0;
  }

  /** Waits before the next attempt. Rejects at once with the reason of `signal`. */
  async pause(operation: StorageOperation, failures: number, signal?: AbortSignal): Promise<void> {
    this.metrics.countStorageRetry(this.driver, operation);
    await pauseBeforeRetry(retryDelayMs(this.policy, failures), signal);
  }

  /**
   * The same for something that was going on, so that somebody waits for it anyway: also while the store is left
   * alone, though not longer than that takes once.
   */
  async pauseToResume(operation: StorageOperation, failures: number, signal?: AbortSignal): Promise<void> {
    await this.pause(operation, failures, signal);
    const untilMs = performance.now() + this.policy.breakerOpenForMs;
    while (this.breaker.admitsInMs > 0 && performance.now() < untilMs) {
      await pauseBeforeRetry(Math.min(Math.ceil(this.breaker.admitsInMs), LOOK_AGAIN_MS), signal);
    }
  }

  /** Measures an operation that took `ms` and ended well, or with `error`. */
  observe(operation: StorageOperation, ms: number, error?: unknown): void {
    const outcome = error === undefined ? 'ok' : outcomeOf(error);
    if (outcome) this.metrics.observeStorage(this.driver, operation, outcome, ms / 1000);
  }

  /** Takes the store out of the metric of the breakers. */
  close(): void {
    this.metrics.moveStorageBreaker(this.driver, this.breaker.state, undefined);
  }

  private async repeated<T>(
    operation: StorageOperation,
    work: () => Promise<T>,
    options: AttemptOptions<T>,
  ): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.once(operation, work, options);
      } catch (error) {
        const isPassing = error instanceof ObjectStoreUnavailable && (options.mayRepeat?.(error) ?? true);
        if (!isPassing || !this.mayRetry(failures)) throw error;
      }
      await this.pause(operation, failures, options.signal);
    }
  }

  /** Once when the store begins to fail and once when it works again; not for every probe between. */
  private tell(from: BreakerState, to: BreakerState): void {
    this.metrics.moveStorageBreaker(this.driver, from, to);
    if (from === 'closed') {
      const reason = this.lastFailure instanceof Error ? this.lastFailure.message : 'no reason given';
      this.logger.warn(
        `The storage ${this.name} (${this.driver}) fails and is left alone for a while: ${reason}`,
      );
    } else if (to === 'closed') {
      this.logger.log(`The storage ${this.name} (${this.driver}) works again`);
    }
  }
}
