import { DatabaseUnavailable } from '../../platform/database/database.errors.js';
import { SyncGivenUp, SyncLeaseLost } from '../domain/mirror-sync.errors.js';
import type { MirrorSync } from '../domain/mirror-sync.js';
import type { Mirror } from '../domain/mirror.js';
import type { SyncReport } from '../domain/sync-report.js';
import type { MirrorSyncLeasesRepository } from '../persistence/mirror-sync-leases.repository.js';
import { FetchSlots } from './fetch-slots.js';
import type { MirrorSyncLease } from './mirror-sync-lease.js';
import type { RunPace } from './run-pace.js';

const SAVE_EVERY_MS = 2_000;
/** After so many failures in a row that have nothing to do with single packages the rest would fail as well. */
const GIVE_UP_AFTER = 20;

/** What one run is about, and what its parts share while this process works on it. */
export interface SyncFacts {
  readonly mirror: Mirror;
  readonly sync: MirrorSync;
  readonly lease: MirrorSyncLease;
  readonly report: SyncReport;
  /** Ends the work early: the lease is lost, the run is cancelled, or the process stops. */
  readonly signal: AbortSignal;
  /** Packages that are fetched at a time. */
  readonly concurrency: number;
  /** How long a version that is stored may be missing in lists, in milliseconds. */
  readonly listWithinMs: number;
  /** What the run takes of the processor. */
  readonly pace: RunPace;
  /** When another job gets its turn, by `performance.now()`. */
  readonly endMs: number;
}

/** One stretch of a run in this process. */
export class SyncWork {
  /** What fetches packages waits here. */
  readonly slots: FetchSlots;
  private steps = 0;
  private savedAtMs = performance.now();
  private transientFailures = 0;

  constructor(
    readonly facts: SyncFacts,
    private readonly leases: MirrorSyncLeasesRepository,
  ) {
    this.slots = new FetchSlots(facts.concurrency);
  }

  /** Whether nothing more is begun now. A stretch takes at least one step, so that every run comes to its end. */
  get isOver(): boolean {
    const { endMs, signal } = this.facts;
    return signal.aborted || (this.steps > 0 && performance.now() > endMs);
  }

  /** A version or a provider is done; how far the run is, is stored from time to time. Readers come first. */
  async step(): Promise<void> {
    this.steps += 1;
    if (performance.now() - this.savedAtMs >= SAVE_EVERY_MS) await this.save();
    await this.facts.pace.rest();
  }

  /** Stores how far the run is, and where it would go on. Throws {@link SyncLeaseLost}. */
  async save(): Promise<void> {
    const { lease, report } = this.facts;
    const { providersFailed, providersSynced } = report;
    const progress = { providersFailed, providersSynced, details: report.toDetails() };
    if (!(await this.leases.saveProgress(lease.token, progress))) throw new SyncLeaseLost();
    this.savedAtMs = performance.now();
  }

  /** How many providers there are. */
  planProviders(providers: number): Promise<boolean> {
    return this.leases.planProviders(this.facts.lease.token, providers);
  }

  /** How many packages are to be fetched beside those that are done. */
  planPackages(packages: number): Promise<boolean> {
    return this.leases.planPackages(this.facts.lease.token, packages);
  }

  /** Whether an error ends the stretch, and is no line of the report. */
  isFatal(error: unknown): boolean {
    return (
      this.facts.signal.aborted ||
      error instanceof SyncLeaseLost ||
      error instanceof SyncGivenUp ||
      error instanceof DatabaseUnavailable
    );
  }

  /** A package was stored, or failed for a reason of its own; or it failed because nothing works now. Throws {@link SyncGivenUp}. */
  noteOutcome(isTransientFailure: boolean): void {
    this.transientFailures = isTransientFailure ? this.transientFailures + 1 : 0;
    if (this.transientFailures >= GIVE_UP_AFTER) throw new SyncGivenUp(GIVE_UP_AFTER);
  }
}
