import { setTimeout as wait } from 'node:timers/promises';

const LONGEST_PAUSE_MS = 5_000;
/** Who comes in the middle of a busy run is one of few; the next one finds it at its pace. */
const NOBODY_FOR_MS = 10_000;

/** What a pace goes by, in milliseconds. */
export interface ProcessTime {
  now(): number;
  /** What the process has computed so far. */
  computed(): number;
  /** For how long no client has asked the process for anything. */
  quiet(): number;
  pause(forMs: number, signal: AbortSignal): Promise<unknown>;
}

/** The time of this process; `quiet` as {@link ProcessTime} has it. */
export function processTime(quiet: () => number): ProcessTime {
  return {
    now: () => performance.now(),
    computed: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    quiet,
    pause: (forMs, signal) => wait(forMs, undefined, { signal }),
  };
}

/**
 * Keeps a run of a mirror to a share of one processor core, so that readers of the same process hardly notice it. What the
 * process computes for others while the run works counts too: the more they ask for, the less the run takes. While nobody asks
 * for anything it takes what it can get.
 */
export class RunPace {
  private computed: number;
  private sinceMs: number;

  /** `share` is in percent; with 100 nothing is ever waited for. */
  constructor(
    private readonly share: number,
    private readonly signal: AbortSignal,
    private readonly time: ProcessTime,
  ) {
    this.computed = time.computed();
    this.sinceMs = time.now();
  }

  /** Waits until what was computed since the last call is no more than its share of the time; at most 5 seconds. */
  async rest(): Promise<void> {
    if (this.share >= 100) return;
    const neededMs = ((this.time.computed() - this.computed) * 100) / this.share;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, neededMs - (this.time.now() - this.sinceMs));
    const isAlone = this.time.quiet() > NOBODY_FOR_MS;
    // Who ends the run early finds out at its next step.
    if (pauseMs > 0 && !isAlone) await this.time.pause(pauseMs, this.signal).catch(() => undefined);
    // What readers were answered during the pause is no reason for a longer one.
    this.computed = this.time.computed();
    this.sinceMs = this.time.now();
  }
}
