import { Injectable, Logger } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import { NOTHING_SWEPT, type StorageSweep, type SweepReport, sumOfSweeps } from './domain/sweep-report.js';
import { ObjectStoreRejected, ObjectStoreUnavailable } from './object-store.errors.js';
import { ObjectStores } from './object-stores.service.js';
import { StorageNotConfigured } from './storage.errors.js';
import { StoragesInUse } from './storages-in-use.service.js';
import { UnknownStorageEpoch } from './sweep.errors.js';
import { SweepPass, type SweepTimes } from './sweep-pass.js';
import { SweepTools } from './sweep-tools.js';

/** A marker this old belongs to a sweep that has ended. Far more than a sweep keeps one. */
const TAKE_OVER_MS = 10 * 60_000;

/** What says that one storage cannot be swept now, and nothing about the others. */
const OF_ONE_STORAGE = [
  ObjectStoreUnavailable,
  ObjectStoreRejected,
  StorageNotConfigured,
  UnknownStorageEpoch,
];

/** How a sweep is run; the defaults are those of the running server. */
export interface SweepOptions {
  /** How long something stays unreferenced before it is doomed, and doomed before it is removed. */
  readonly graceMs?: number;
  /** Age from which the deletion markers of other sweeps are finished. Zero only when no other sweep can run. */
  readonly takeOverMs?: number;
  /** Ends the sweep at the next object; what is left is done by the next one. */
  readonly signal?: AbortSignal;
}

/**
 * The only way in which unreferenced objects go (architecture, section 6): in every storage in use, what nothing
 * refers to is doomed after the grace and removed after a second one. A crash anywhere leaves something for the next
 * sweep; bytes published again meanwhile are never lost. Safe to run at the same time in several processes. A storage
 * that several installations share is not swept at all.
 */
@Injectable()
export class OrphanSweep {
  private readonly logger = new Logger('Storage');

  constructor(
    private readonly storages: StoragesInUse,
    private readonly stores: ObjectStores,
    private readonly tools: SweepTools,
    private readonly tempFiles: TempFiles,
    private readonly config: StorageConfig,
  ) {}

  /** A storage that cannot be swept is logged and left alone; its `problem` is in the report. */
  async run(options: SweepOptions = {}): Promise<SweepReport> {
    const { graceMs = this.config.sweepGraceMs, takeOverMs = TAKE_OVER_MS, signal } = options;
    // What is under way may be of this process: no grace that is given makes that shorter.
    const unfinishedMs = Math.max(graceMs, this.config.sweepGraceMs);
    const storages: StorageSweep[] = [];
    for (const storage of await this.storages.names()) {
      storages.push(await this.sweep(storage, { graceMs, takeOverMs, unfinishedMs, signal }));
    }
    const tempFiles = await this.tempFiles.removeLeftovers(unfinishedMs);
    const unexpected = storages.find(({ problem }) => problem !== undefined && !isOfOneStorage(problem));
    if (unexpected) throw unexpected.problem;
    return { ...sumOfSweeps(storages), storages, tempFiles };
  }

  private async sweep(storage: string, times: SweepTimes): Promise<StorageSweep> {
    let pass: SweepPass | undefined;
    try {
      pass = new SweepPass(await this.stores.of(storage), times, this.tools);
      await pass.run();
      return { storage, ...pass.done };
    } catch (error) {
      const problem = error as Error;
      if (isOfOneStorage(problem)) {
        this.logger.warn({
          message: `The storage ${storage} was not swept: ${problem.message}`,
          err: problem,
        });
      }
      return { storage, ...(pass?.done ?? NOTHING_SWEPT), problem };
    }
  }
}

function isOfOneStorage(problem: Error): boolean {
  return OF_ONE_STORAGE.some((type) => problem instanceof type);
}
