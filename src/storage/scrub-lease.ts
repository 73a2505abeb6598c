import { randomUUID } from 'node:crypto';
import type { ScrubCyclesRepository } from './persistence/scrub-cycles.repository.js';

/** The right to be the only process that scrubs a storage; renewed until it is given back or the process ends. */
export class ScrubLease {
  private readonly lost = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly rows: ScrubCyclesRepository,
    private readonly storage: string,
    private readonly holder: string,
    private readonly leaseMs: number,
  ) {}

  /** The lease of a storage; undefined while another process has it. */
  static async take(
    rows: ScrubCyclesRepository,
    storage: string,
    leaseMs: number,
  ): Promise<ScrubLease | undefined> {
    const lease = new ScrubLease(rows, storage, randomUUID(), leaseMs);
    if (!(await rows.lease(storage, lease.holder, leaseMs))) return undefined;
    lease.renewLater();
    return lease;
  }

  /** Aborted when the lease could not be renewed: another process may have taken over. */
  get signal(): AbortSignal {
    return this.lost.signal;
  }

  async giveBack(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.rows.release(this.storage, this.holder);
  }

  private renewLater(): void {
    const timer = setTimeout(() => {
      this.rows.lease(this.storage, this.holder, this.leaseMs).then(
        (isHeld) => {
          if (!isHeld) this.lost.abort(new Error('Another process scrubs this storage'));
          else if (this.timer === timer) this.renewLater();
        },
        (error: unknown) => this.lost.abort(error),
      );
    }, this.leaseMs / 3);
    timer.unref();
    this.timer = timer;
  }
}
