import { ReadPace } from './read-pace.js';

/** Keeps what is read below a number of bytes per second, and measures it. Shared by all objects of a run. */
export class StorageMigrationPace {
  private readonly pace: ReadPace;
  private bytes = 0;
  private measuredSinceMs = performance.now();

  /** Zero: as fast as it goes. */
  constructor(maxBytesPerSecond: number) {
    this.pace = new ReadPace(maxBytesPerSecond);
  }

  /** Settles when these bytes, which were read, may be followed by others. Rejects when `signal` is aborted. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    await this.pace.take(bytes, signal);
    this.bytes += bytes;
  }

  /** Bytes per second since the last call. */
  measure(): number {
    const nowMs = performance.now();
    const seconds = Math.max(nowMs - this.measuredSinceMs, 1) / 1000;
    const rate = Math.round(this.bytes / seconds);
    this.bytes = 0;
    this.measuredSinceMs = nowMs;
    return rate;
  }
}
