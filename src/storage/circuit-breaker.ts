/** When a store that fails is left alone, and for how long. */
export interface BreakerPolicy {
  /** Failed attempts in a row after which it is. */
  readonly breakerFailures: number;
  /** After two failed attempts in a row it is as well when the first of them began this long ago, in milliseconds. */
  readonly breakerOpenAfterMs: number;
  /** In milliseconds. */
  readonly breakerOpenForMs: number;
}

/** `closed`: asked as usual; `open`: left alone; `half-open`: one attempt finds out whether it works again. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** One attempt that was let through; one of the methods is called when it has ended. */
export interface Attempt {
  /** The store answered. */
  succeeded(): void;
  /** The store could not do it now. */
  failed(): void;
  /** The attempt says nothing about the store: the caller gave up, or the store was not asked. */
  withdrawn(): void;
}

/**
 * Leaves a store alone that fails again and again, so that requests fail at once instead of waiting for it. An
 * attempt that was let through before the last change of state says nothing any more when it ends.
 */
export class CircuitBreaker {
  private current: BreakerState = 'closed';
  private changes = 0;
  private failures = 0;
  private failingSinceMs = 0;
  private openedAtMs = 0;
  private probe: { readonly startedAtMs: number } | undefined;

  constructor(
    private readonly policy: BreakerPolicy,
    private readonly onChange: (from: BreakerState, to: BreakerState) => void = () => undefined,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get state(): BreakerState {
    return this.current;
  }

  /** Milliseconds until an attempt is let through; zero when one would be now. */
  get admitsInMs(): number {
    const since = this.current === 'open' ? this.openedAtMs : this.probe?.startedAtMs;
    // A probe may be a long upload; the next one does not wait for its end.
    return since === undefined ? 0 : Math.max(0, since + this.policy.breakerOpenForMs - this.now());
  }

  /** Lets one attempt through; undefined while the store is left alone. */
  admit(): Attempt | undefined {
    if (this.admitsInMs > 0) return undefined;
    if (this.current === 'open') this.change('half-open');
    const attempt = { startedAtMs: this.now() };
    if (this.current === 'half-open') this.probe = attempt;
    const { changes } = this;
    const unlessOutdated = (report: () => void) => () => {
      if (this.changes === changes) report();
    };
    return {
      succeeded: unlessOutdated(() => this.recover()),
      failed: unlessOutdated(() => this.fail(attempt.startedAtMs)),
      withdrawn: unlessOutdated(() => {
        if (this.probe === attempt) this.probe = undefined;
      }),
    };
  }

  private recover(): void {
    this.failures = 0;
    if (this.current === 'half-open') this.change('closed');
  }

  private fail(startedAtMs: number): void {
    this.failingSinceMs = this.failures === 0 ? startedAtMs : Math.min(this.failingSinceMs, startedAtMs);
    this.failures += 1;
    const { breakerFailures, breakerOpenAfterMs } = this.policy;
    const lastsLong = this.failures > 1 && this.now() - this.failingSinceMs >= breakerOpenAfterMs;
    if (this.current === 'half-open' || this.failures >= breakerFailures || lastsLong) this.change('open');
  }

  private change(to: BreakerState): void {
    const from = this.current;
    this.current = to;
    this.changes += 1;
    this.failures = 0;
    this.probe = undefined;
    if (to === 'open') this.openedAtMs = this.now();
    this.onChange(from, to);
  }
}
