import { setTimeout as pause } from 'node:timers/promises';

/** Shorter pauses are saved up: timers are not that exact. */
const SHORTEST_PAUSE_MS = 20;

/** Slows reading down to a number of bytes per second; zero: as fast as it goes. */
export class ReadPace {
  private freeAtMs = 0;

  constructor(
    private readonly bytesPerSecond: number,
    private readonly now: () => number = () => performance.now(),
    private readonly wait: (ms: number, signal?: AbortSignal) => Promise<unknown> = (ms, signal) =>
      pause(ms, undefined, { signal }),
  ) {}

  /** Settles when as much time has passed as the bytes read so far may take. Rejects when `signal` is aborted. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.bytesPerSecond === 0) return;
    const nowMs = this.now();
    this.freeAtMs = Math.max(this.freeAtMs, nowMs) + (bytes / this.bytesPerSecond) * 1000;
    const aheadMs = this.freeAtMs - nowMs;
    if (aheadMs >= SHORTEST_PAUSE_MS) await this.wait(aheadMs, signal);
  }
}
