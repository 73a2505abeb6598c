import { failpoint } from '../platform/failpoints/failpoint.js';
import { ArtifactKey } from './artifact-key.js';
import { NOTHING_SWEPT, type SweepCounts } from './domain/sweep-report.js';
import type { NamedStore } from './object-stores.service.js';
import type { SweepTools } from './sweep-tools.js';
import type { RowlessObject } from './persistence/artifact-sweep.repository.js';
import { isProbeObject, PROBES_ROOT } from './probe-objects.js';

const ROWS_PER_STEP = 200;
const OBJECTS_PER_STEP = 500;

/** A sweep that holds markers longer than this leaves the rest of them to a later one. */
const MARKER_FRESH_MS = 2 * 60_000;

/** What a pass needs to know about time. */
export interface SweepTimes {
  /** How long something stays unreferenced before it is doomed, and doomed before it is removed. */
  readonly graceMs: number;
  /** Age from which the deletion markers of other sweeps are finished. */
  readonly takeOverMs: number;
  /** Age from which an upload that was not finished never will be. */
  readonly unfinishedMs: number;
  /** Ends the pass at the next object. */
  readonly signal?: AbortSignal | undefined;
}

/** One sweep over one storage: what nothing refers to is doomed, what was doomed long enough is removed. */
export class SweepPass {
  private counts: SweepCounts = NOTHING_SWEPT;

  constructor(
    private readonly holder: NamedStore,
    private readonly times: SweepTimes,
    private readonly tools: SweepTools,
  ) {}

  /** What was done so far, also when `run` failed. */
  get done(): SweepCounts {
    return this.counts;
  }

  /** Throws `UnknownStorageEpoch` before anything is removed, and what the store throws. */
  async run(): Promise<void> {
    await this.tools.epochs.begin(this.holder);
    await this.repeat('finished', () => this.finishDeletions());
    await this.repeat('doomed', () => this.doom());
    await this.adoptRowless();
    await this.repeat('removed', () => this.remove());
    await this.removeUnfinished();
  }

  private get storage(): string {
    return this.holder.name;
  }

  private async doom(): Promise<number> {
    const doomed = await this.tools.transactions.run(() =>
      this.tools.rows.doomUnreferenced(this.storage, this.times.graceMs, ROWS_PER_STEP),
    );
    await failpoint('sweep-mark');
    return doomed;
  }

  private async remove(): Promise<number> {
    const begun = performance.now();
    const paths = await this.tools.transactions.run(() =>
      this.tools.rows.takeOut(this.storage, this.times.graceMs, ROWS_PER_STEP),
    );
    return this.deleteMarked(paths, begun);
  }

  private async finishDeletions(): Promise<number> {
    const begun = performance.now();
    const paths = await this.tools.transactions.run(() =>
      this.tools.rows.takeOverMarkers(this.storage, this.times.takeOverMs, ROWS_PER_STEP),
    );
    return this.deleteMarked(paths, begun);
  }

  /**
   * Object first, marker second: while the marker stands nobody puts the object again. A sweep that was held up
   * must not delete after another one has taken its markers over.
   */
  private async deleteMarked(paths: readonly string[], begun: number): Promise<number> {
    let removed = 0;
    for (const path of paths) {
      await failpoint('sweep-delete');
      if (this.isOver || performance.now() - begun > MARKER_FRESH_MS) break;
      await this.holder.store.delete(path);
      await this.tools.rows.removeMarker(this.storage, path);
      removed += 1;
    }
    return removed;
  }

  /** Rows come before bytes, so an object without a row is left over; it still gets its grace as a doomed row. */
  private async adoptRowless(): Promise<void> {
    const oldestKept = Date.now() - this.times.graceMs;
    let step: RowlessObject[] = [];
    for await (const { path, size, modifiedAtMs } of this.holder.store.list(ArtifactKey.root)) {
      if (this.isOver) return;
      const key = ArtifactKey.parse(path);
      if (!key || modifiedAtMs > oldestKept) continue;
      step.push({ path, digest: key.digest, sizeBytes: size });
      if (step.length < OBJECTS_PER_STEP) continue;
      this.count('adopted', await this.tools.rows.adopt(this.storage, step));
      step = [];
    }
    if (step.length > 0) this.count('adopted', await this.tools.rows.adopt(this.storage, step));
  }

  private async removeUnfinished(): Promise<void> {
    if (this.isOver) return;
    const { store } = this.holder;
    this.count('unfinished', await store.removeUnfinished(this.times.unfinishedMs));
    const oldestKept = Date.now() - this.times.unfinishedMs;
    for await (const { path, modifiedAtMs } of store.list(PROBES_ROOT)) {
      if (this.isOver) return;
      if (!isProbeObject(path) || modifiedAtMs > oldestKept) continue;
      await store.delete(path);
      this.count('unfinished', 1);
    }
  }

  private async repeat(what: keyof SweepCounts, step: () => Promise<number>): Promise<void> {
    for (let done = -1; done !== 0 && !this.isOver; this.count(what, done)) done = await step();
  }

  private get isOver(): boolean {
    return this.times.signal?.aborted === true;
  }

  private count(what: keyof SweepCounts, objects: number): void {
    this.counts = { ...this.counts, [what]: this.counts[what] + objects };
  }
}
