import { Injectable, Logger } from '@nestjs/common';
import { StorageScrubConfig } from '../config/storage-scrub.config.js';
import { WorkerConfig } from '../config/worker.config.js';
import { ObjectStoreRejected, ObjectStoreUnavailable } from './object-store.errors.js';
import { ObjectStores } from './object-stores.service.js';
import type { ScrubCyclesRepository } from './persistence/scrub-cycles.repository.js';
import { ScrubLease } from './scrub-lease.js';
import { ReadPace } from './read-pace.js';
import { ScrubPass } from './scrub-pass.js';
import { ScrubTools } from './scrub-tools.js';
import { StorageNotConfigured } from './storage.errors.js';
import { StoragesInUse } from './storages-in-use.service.js';

/** How a run goes; the defaults are those of the running server. */
export interface ScrubOptions {
  /** Ends the run at the next piece of an object; what was read so far is kept. */
  readonly signal?: AbortSignal;
  /** After so long the run ends, and the next one goes on. */
  readonly runMs?: number;
  /** After so long another storage has its turn. */
  readonly turnMs?: number;
  /** Time between the two looks at what seems to be damaged. */
  readonly secondLookMs?: number;
  /** How often the repair of a damaged artifact is tried. */
  readonly repairEveryMs?: number;
  /** How long a storage that does not work is left alone. */
  readonly retryMs?: number;
}

const DEFAULTS = {
  runMs: 5 * 60_000,
  turnMs: 20_000,
  secondLookMs: 2_000,
  repairEveryMs: 60 * 60_000,
  retryMs: 10 * 60_000,
};

/**
 * Reads every committed artifact of every storage again, no faster than `storage.scrub.max_bytes_per_second`, what was
 * read longest ago first; flags what is damaged, and repairs it where the right bytes are to be had. How far it is
 * stands in the database: a killed process costs the work on a few objects. One process at a time works on a storage.
 */
@Injectable()
export class ScrubStorage {
  private readonly logger = new Logger('Storage');
  private readonly pace: ReadPace;

  constructor(
    private readonly storages: StoragesInUse,
    private readonly stores: ObjectStores,
    private readonly tools: ScrubTools,
    private readonly config: StorageScrubConfig,
    private readonly worker: WorkerConfig,
  ) {
    this.pace = new ReadPace(config.maxBytesPerSecond);
  }

  /** Works until nothing is due, the time is over or `signal` is aborted. */
  async run(options: ScrubOptions = {}): Promise<void> {
    const settings = { ...DEFAULTS, ...options };
    const endAtMs = performance.now() + settings.runMs;
    const isOver = (): boolean => settings.signal?.aborted === true || performance.now() > endAtMs;
    for (let hasWorked = true; hasWorked && !isOver();) {
      hasWorked = false;
      for (const storage of await this.storages.names()) {
        if (!isOver() && (await this.turn(storage, settings, endAtMs))) hasWorked = true;
      }
    }
  }

  /** `false`: there is nothing to do for this storage, or another process does it. */
  private async turn(storage: string, options: Settings, endAtMs: number): Promise<boolean> {
    const task = await this.cycles.task(storage, this.config.intervalMs, options.repairEveryMs);
    if (!task.startsCycle && !task.isCycleUnderWay && !task.hasRepairs) return false;
    const lease = await ScrubLease.take(this.cycles, storage, this.worker.leaseMs);
    if (lease === undefined) return false;
    try {
      if (task.startsCycle) await this.cycles.begin(storage);
      const signals = [lease.signal, ...(options.signal ? [options.signal] : [])];
      await this.work(storage, { ...options, signal: AbortSignal.any(signals) }, endAtMs);
      return true;
    } finally {
      await lease.giveBack();
    }
  }

  private async work(
    storage: string,
    options: Settings & { readonly signal: AbortSignal },
    endAtMs: number,
  ): Promise<void> {
    const { signal, secondLookMs, repairEveryMs, retryMs } = options;
    const turnEndsAtMs = Math.min(endAtMs, performance.now() + options.turnMs);
    try {
      const holder = await this.stores.of(storage);
      const settings = { signal, endAtMs: turnEndsAtMs, secondLookMs, repairEveryMs };
      const { unread } = await new ScrubPass(holder, settings, this.tools, this.pace).run();
      if (unread === 0) return await this.cycles.clearProblem(storage);
      await this.postpone(storage, `${unread} objects cannot be read at the moment`, retryMs);
    } catch (error) {
      if (signal.aborted) return;
      if (!isOfStorage(error)) throw error;
      await this.postpone(storage, error.message, retryMs, error);
    }
  }

  private async postpone(storage: string, problem: string, retryMs: number, error?: Error): Promise<void> {
    const before = await this.cycles.find(storage);
    await this.cycles.postpone(storage, problem, retryMs);
    if (before?.problem === problem) return;
    this.logger.warn({ message: `Storage ${storage} is not read again now: ${problem}`, err: error });
  }

  private get cycles(): ScrubCyclesRepository {
    return this.tools.cycles;
  }
}

type Settings = ScrubOptions & typeof DEFAULTS;

function isOfStorage(error: unknown): error is Error {
  return (
    error instanceof ObjectStoreUnavailable ||
    error instanceof ObjectStoreRejected ||
    error instanceof StorageNotConfigured
  );
}
