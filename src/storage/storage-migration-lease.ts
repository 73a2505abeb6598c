import type {
  LeaseToken,
  StorageMigrationLeasesRepository,
} from './persistence/storage-migration-leases.repository.js';
import type { StorageMigrationPace } from './storage-migration-pace.js';
import { LeaseLost } from './storage-migration-work.js';

/** Keeps the lease of a migration while its worker runs. */
export class StorageMigrationLease {
  private readonly lost = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private keptAtMs = performance.now();

  constructor(
    private readonly leases: StorageMigrationLeasesRepository,
    private readonly token: LeaseToken,
    private readonly leaseMs: number,
    private readonly pace: StorageMigrationPace,
  ) {}

  /** Aborted as soon as this process cannot be sure any more that it has the lease. */
  get signal(): AbortSignal {
    return this.lost.signal;
  }

  /** Renews the lease three times in its life. */
  start(): void {
    const timer = setTimeout(() => {
      void this.renew().finally(() => {
        if (this.timer === timer) this.start();
      });
    }, this.leaseMs / 3);
    timer.unref();
    this.timer = timer;
  }

  /** Ends renewing and gives the lease back. */
  async release(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    // Whoever comes next finds the lease free; when the database is away, it is free when its time is over.
    await this.leases.release(this.token, this.pace.measure()).catch(() => false);
  }

  private async renew(): Promise<void> {
    try {
      if (!(await this.leases.renew(this.token, this.leaseMs, this.pace.measure()))) this.lose();
      else this.keptAtMs = performance.now();
    } catch {
      if (performance.now() - this.keptAtMs > this.leaseMs) this.lose();
    }
  }

  private lose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.lost.abort(new LeaseLost());
  }
}
