import type { Transactions } from '../../platform/database/transactions.js';
import { SyncLeaseLost } from '../domain/mirror-sync.errors.js';
import type { SyncLeaseToken } from '../domain/mirror-sync.js';
import { MirrorInterrupted } from '../domain/mirror.errors.js';
import type { MirrorSyncLeasesRepository } from '../persistence/mirror-sync-leases.repository.js';

/**
 * The right of this process to work on a run, renewed while it works. A process that was stopped and comes back finds
 * its token outdated: whatever it writes through `write` or `fence` is refused.
 */
export class MirrorSyncLease {
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private keptAtMs = performance.now();
  private isOver = false;

  constructor(
    private readonly leases: MirrorSyncLeasesRepository,
    private readonly transactions: Transactions,
    readonly token: SyncLeaseToken,
    private readonly leaseMs: number,
  ) {}

  /** Aborted when the lease is lost, or when somebody cancels the run. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** Another process may work on the run now. */
  get isLost(): boolean {
    return this.ending.signal.reason instanceof SyncLeaseLost;
  }

  get isCancelled(): boolean {
    return this.ending.signal.aborted && !this.isLost;
  }

  /** Renews the lease three times in its life. */
  start(): void {
    const timer = setTimeout(() => {
      void this.renew().finally(() => {
        if (this.timer === timer && !this.isOver) this.start();
      });
    }, this.leaseMs / 3);
    timer.unref();
    this.timer = timer;
  }

  /** Looks whether the work may go on. Throws {@link SyncLeaseLost}, or `MirrorInterrupted` for a run that is cancelled. */
  async check(): Promise<void> {
    this.note(await this.leases.hold(this.token));
    this.ending.signal.throwIfAborted();
  }

  /** First in each transaction that writes for the run: nobody takes the lease until that ends. Throws {@link SyncLeaseLost}. */
  async fence(): Promise<void> {
    const held = await this.leases.hold(this.token);
    if (held !== undefined) return;
    this.note(held);
    throw new SyncLeaseLost();
  }

  /** A transaction that begins with {@link fence}. */
  write<T>(work: () => Promise<T>): Promise<T> {
    return this.transactions.run(async () => {
      await this.fence();
      return work();
    });
  }

  /** Ends renewing and gives the lease back. */
  async release(): Promise<void> {
    this.isOver = true;
    clearTimeout(this.timer);
    // Whoever comes next finds the lease free; when the database is away, it is free when its time is over.
    await this.leases.release(this.token).catch(() => false);
  }

  private async renew(): Promise<void> {
    try {
      this.note(await this.leases.renew(this.token, this.leaseMs));
      this.keptAtMs = performance.now();
    } catch {
      if (performance.now() - this.keptAtMs > this.leaseMs) this.note(undefined);
    }
  }

  private note(held: { readonly isCancelRequested: boolean } | undefined): void {
    if (this.isOver || this.ending.signal.aborted) return;
    if (held === undefined) this.ending.abort(new SyncLeaseLost());
    else if (held.isCancelRequested) this.ending.abort(new MirrorInterrupted());
  }
}
