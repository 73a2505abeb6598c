import { Injectable } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { Transactions } from '../platform/database/transactions.js';
import { failpoint } from '../platform/failpoints/failpoint.js';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import { ArtifactKey } from './artifact-key.js';
import { ObjectStore } from './object-store.js';
import { ArtifactSweepRepository, type RowlessObject } from './persistence/artifact-sweep.repository.js';

const ROWS_PER_STEP = 200;
const OBJECTS_PER_STEP = 500;

/** A sweep that holds markers longer than this leaves the rest of them to a later one. */
const MARKER_FRESH_MS = 2 * 60_000;

/** A marker this old belongs to a sweep that has ended. Far more than `MARKER_FRESH_MS`. */
const TAKE_OVER_MS = 10 * 60_000;

/** How a sweep is run; the defaults are those of the running server. */
export interface SweepOptions {
  /** How long something stays unreferenced before it is doomed, and doomed before it is removed. */
  readonly graceMs?: number;
  /** Age from which the deletion markers of other sweeps are finished. Zero only when no other sweep can run. */
  readonly takeOverMs?: number;
  /** Ends the sweep at the next object; what is left is done by the next one. */
  readonly signal?: AbortSignal;
}

/** What a sweep did, in objects. */
export interface SweepReport {
  readonly doomed: number;
  /** Objects without a row that got a doomed one. */
  readonly adopted: number;
  readonly removed: number;
  /** Deletions that an earlier sweep had begun. */
  readonly finished: number;
  readonly tempFiles: number;
}

/**
 * The only place that deletes stored objects (architecture, section 6): what nothing refers to is doomed after the
 * grace and removed after a second one. A crash anywhere leaves something for the next sweep; bytes published
 * again meanwhile are never lost. Safe to run at the same time in several processes.
 */
@Injectable()
export class OrphanSweep {
  private readonly storage: string;

  constructor(
    private readonly rows: ArtifactSweepRepository,
    private readonly objects: ObjectStore,
    private readonly transactions: Transactions,
    private readonly tempFiles: TempFiles,
    private readonly config: StorageConfig,
  ) {
    this.storage = config.defaultBackend;
  }

  /** Throws ObjectStoreUnavailable when the store cannot be asked; then nothing was removed without trace. */
  async run(options: SweepOptions = {}): Promise<SweepReport> {
    const { graceMs = this.config.sweepGraceMs, takeOverMs = TAKE_OVER_MS, signal } = options;
    const finished = await this.repeat(signal, () => this.finishDeletions(takeOverMs, signal));
    const doomed = await this.repeat(signal, () => this.doom(graceMs));
    const adopted = await this.adoptRowless(graceMs, signal);
    const removed = await this.repeat(signal, () => this.remove(graceMs, signal));
    const tempFiles = await this.tempFiles.removeLeftovers(Math.max(graceMs, this.config.sweepGraceMs));
    return { doomed, adopted, removed, finished, tempFiles };
  }

  private async doom(graceMs: number): Promise<number> {
    const doomed = await this.transactions.run(() =>
      this.rows.doomUnreferenced(this.storage, graceMs, ROWS_PER_STEP),
    );
    await failpoint('sweep-mark');
    return doomed;
  }

  private async remove(graceMs: number, signal: AbortSignal | undefined): Promise<number> {
    const begun = performance.now();
    const paths = await this.transactions.run(() => this.rows.takeOut(this.storage, graceMs, ROWS_PER_STEP));
    return this.deleteMarked(paths, begun, signal);
  }

  private async finishDeletions(takeOverMs: number, signal: AbortSignal | undefined): Promise<number> {
    const begun = performance.now();
    const paths = await this.transactions.run(() =>
      this.rows.takeOverMarkers(this.storage, takeOverMs, ROWS_PER_STEP),
    );
    return this.deleteMarked(paths, begun, signal);
  }

  /**
   * Object first, marker second: while the marker stands nobody puts the object again. A sweep that was held up
   * must not delete after another one has taken its markers over.
   */
  private async deleteMarked(
    paths: readonly string[],
    begun: number,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    let removed = 0;
    for (const path of paths) {
      await failpoint('sweep-delete');
      if (signal?.aborted || performance.now() - begun > MARKER_FRESH_MS) break;
      await this.objects.delete(path);
      await this.rows.removeMarker(this.storage, path);
      removed += 1;
    }
    return removed;
  }

  /** Rows come before bytes, so an object without a row is left over; it still gets its grace as a doomed row. */
  private async adoptRowless(graceMs: number, signal: AbortSignal | undefined): Promise<number> {
    const oldestKept = Date.now() - graceMs;
    let adopted = 0;
    let step: RowlessObject[] = [];
    for await (const { path, size, modifiedAtMs } of this.objects.list(ArtifactKey.root)) {
      if (signal?.aborted) return adopted;
      const key = ArtifactKey.parse(path);
      if (!key || modifiedAtMs > oldestKept) continue;
      step.push({ path, digest: key.digest, sizeBytes: size });
      if (step.length < OBJECTS_PER_STEP) continue;
      adopted += await this.rows.adopt(this.storage, step);
      step = [];
    }
    return adopted + (step.length > 0 ? await this.rows.adopt(this.storage, step) : 0);
  }

  private async repeat(signal: AbortSignal | undefined, step: () => Promise<number>): Promise<number> {
    let total = 0;
    for (let done = -1; done !== 0 && !signal?.aborted; total += done) done = await step();
    return total;
  }
}
