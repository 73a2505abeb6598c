import { setTimeout as pause } from 'node:timers/promises';
import { failpoint } from '../platform/failpoints/failpoint.js';
import { inspectBlob, type InspectionOptions } from './blob-inspector.js';
import type { Artifact } from './domain/artifact.js';
import { ObjectStoreUnavailable } from './object-store.errors.js';
import type { NamedStore } from './object-stores.service.js';
import type { ScrubTools } from './scrub-tools.js';
import { ScrubCanary } from './scrub-canary.js';
import type { ReadPace } from './read-pace.js';
import type { FoundDamage } from './scrub-records.service.js';

const BATCH = 50;

/** How often what seems to be damaged is looked at again. */
const FURTHER_LOOKS = 2;

const REPAIRS = 10;

/** What was read is noted at the latest after so many bytes: a killed process reads them again. */
const SETTLE_BYTES = 64 * 1024 * 1024;

/** What cannot be read for so long, while its storage works, counts as damaged. */
const UNREAD_MS = 60 * 60_000;

/** When a pass stops and how patient it is. */
export interface ScrubPassOptions {
  readonly signal: AbortSignal;
  readonly endAtMs: number;
  /** Time between the first and the second look at what seems to be damaged. */
  readonly secondLookMs: number;
  /** How often the repair of a damaged artifact is tried. */
  readonly repairEveryMs: number;
}

/** `undefined`: the bytes are right. `unread`: nobody knows, although the storage works. */
type Verdict = FoundDamage | 'unread' | undefined;

/** What seems to be damaged. */
interface Suspect {
  readonly id: string;
  readonly found: FoundDamage;
}

/** One part of the work on one storage: repairs that are due, then what the cycle has yet to read. */
export class ScrubPass {
  /** Not asked again in this pass. */
  private readonly unread: string[] = [];
  private readonly canary: ScrubCanary;
  private readonly reading: InspectionOptions;

  constructor(
    private readonly holder: NamedStore,
    private readonly options: ScrubPassOptions,
    private readonly tools: ScrubTools,
    pace: ReadPace,
  ) {
    this.canary = new ScrubCanary(holder, tools.rows);
    this.reading = {
      signal: options.signal,
      onBytes: async (count) => {
        tools.metrics.countScrubbed(holder.name, 0, count);
        await pace.take(count, options.signal);
      },
    };
  }

  /**
   * Returns how many artifacts could not be read although everything else works. Throws ObjectStoreUnavailable and
   * ObjectStoreRejected when the storage as a whole does not, and the reason of the signal.
   */
  async run(): Promise<{ unread: number }> {
    await this.repairDue();
    do {
      const batch = await this.tools.rows.due(this.storage, this.unread, BATCH);
      if (batch.length === 0) {
        if (this.unread.length === 0) await this.tools.cycles.end(this.storage);
        break;
      }
      await this.secondLook(await this.firstLook(batch));
      await this.repairDue();
    } while (!this.isOver);
    return { unread: this.unread.length };
  }

  private get storage(): string {
    return this.holder.name;
  }

  private get isOver(): boolean {
    this.options.signal.throwIfAborted();
    return performance.now() > this.options.endAtMs;
  }

  /** Reads a batch, and returns what seems to be damaged. */
  private async firstLook(batch: readonly Artifact[]): Promise<Suspect[]> {
    const suspects: Suspect[] = [];
    let right: Artifact[] = [];
    try {
      for (const artifact of batch) {
        const verdict = await this.look(artifact);
        if (verdict === undefined) right.push(artifact);
        else if (verdict !== 'unread') suspects.push({ id: artifact.id, found: verdict });
        if (bytesOf(right) >= SETTLE_BYTES) {
          await this.settle(right);
          right = [];
        }
        if (this.isOver) break;
      }
    } finally {
      await this.settle(right);
    }
    return suspects;
  }

  /** What looks damaged at another time too, in a storage that works, is damaged. */
  private async secondLook(suspects: readonly Suspect[]): Promise<void> {
    if (suspects.length === 0) return;
    await pause(this.options.secondLookMs, undefined, { signal: this.options.signal });
    await failpoint('scrub-second-look');
    await this.canary.assertWorks(
      suspects.map(({ id }) => id),
      suspects.some(({ found }) => found.damage === 'unreadable'),
    );
    for (const suspect of suspects) {
      const artifact = await this.tools.rows.find(suspect.id);
      if (artifact?.state !== 'committed') continue;
      const verdict = await this.lookAgain(artifact, suspect.found);
      if (verdict === 'unread') continue;
      if (verdict === undefined) await this.settle([artifact]);
      else await this.flag(artifact, verdict);
    }
  }

  /** What is damaged looks the same whenever it is read; a connection that spoils bytes does it differently. */
  private async lookAgain(artifact: Artifact, found: FoundDamage): Promise<Verdict> {
    for (let looks = 0; looks < FURTHER_LOOKS; looks += 1) {
      const verdict = await this.look(artifact);
      if (verdict === undefined || verdict === 'unread') return verdict;
      if (verdict.damage === found.damage && verdict.detail === found.detail) continue;
      this.unread.push(artifact.id);
      return 'unread';
    }
    return found;
  }

  private async flag(artifact: Artifact, found: FoundDamage): Promise<void> {
    const { records, metrics, cycles } = this.tools;
    await failpoint('scrub-flag');
    const isNew = await records.flag(artifact, found);
    metrics.countScrubbed(this.storage, 1, 0);
    const read = { objects: 1, bytes: artifact.sizeBytes };
    await cycles.add(this.storage, { ...read, damaged: isNew ? 1 : 0, repaired: 0 });
  }

  /** These were read, and are right. */
  private async settle(artifacts: readonly Artifact[]): Promise<void> {
    if (artifacts.length === 0) return;
    const { rows, cycles, metrics, records } = this.tools;
    const healed = artifacts.filter(({ damagedAt }) => damagedAt !== null);
    for (const artifact of healed) await records.clear(artifact, 'found');
    await rows.markVerified(artifacts.map(({ id }) => id));
    metrics.countScrubbed(this.storage, artifacts.length, 0);
    const read = { objects: artifacts.length, bytes: bytesOf(artifacts) };
    await cycles.add(this.storage, { ...read, damaged: 0, repaired: 0 });
  }

  private async look(artifact: Artifact): Promise<Verdict> {
    try {
      const { damage, detail } = await inspectBlob(this.holder.store, artifact, this.reading);
      if (damage !== undefined) return { damage, detail };
      const complaint = await this.tools.checks.complaint(artifact);
      return complaint === undefined ? undefined : { damage: 'failed-check', detail: complaint };
    } catch (error) {
      if (!(error instanceof ObjectStoreUnavailable)) throw error;
      await this.canary.assertWorks([artifact.id, ...this.unread], false);
      return this.noteUnread(artifact);
    }
  }

  private async noteUnread(artifact: Artifact): Promise<Verdict> {
    const { unreadSince, id } = artifact;
    if (unreadSince !== null && Date.now() - unreadSince.getTime() > UNREAD_MS) {
      return { damage: 'unreadable', detail: `not readable since ${unreadSince.toISOString()}` };
    }
    await this.tools.rows.markUnread(id);
    if (!this.unread.includes(id)) this.unread.push(id);
    return 'unread';
  }

  private async repairDue(): Promise<void> {
    const { rows, repair, metrics, cycles } = this.tools;
    for (;;) {
      const due = await rows.toRepair(this.storage, this.options.repairEveryMs, REPAIRS);
      if (due.length === 0) return;
      for (const artifact of due) {
        const outcome = await repair.attempt(artifact, this.holder, this.reading);
        metrics.countRepair(this.storage, outcome);
        if (outcome === 'repaired') {
          await cycles.add(this.storage, { objects: 0, bytes: 0, damaged: 0, repaired: 1 });
        }
        if (this.isOver) return;
      }
    }
  }
}

function bytesOf(artifacts: readonly Artifact[]): number {
  return artifacts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
