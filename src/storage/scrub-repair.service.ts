import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { failpoint } from '../platform/failpoints/failpoint.js';
import { inspectBlob, type Inspection, type InspectionOptions } from './blob-inspector.js';
import type { Artifact } from './domain/artifact.js';
import type { RepairResult } from './domain/scrub-damage.js';
import type { StoredObject } from './object-store.js';
import { ObjectStoreRejected, ObjectStoreUnavailable } from './object-store.errors.js';
import type { NamedStore } from './object-stores.service.js';
import { RepairMarkersRepository } from './persistence/repair-markers.repository.js';
import { ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';
import { ScrubChecks } from './scrub-checks.js';
import { ScrubRecords } from './scrub-records.service.js';
import { ScrubReplacements } from './scrub-replacements.service.js';

/** A marker this old was left behind; the sweep takes such markers over too. */
const TAKE_OVER_MS = 10 * 60_000;

/** Who was held up longer than this under a marker does not delete any more: somebody may have taken it over. */
const MARKER_FRESH_MS = 2 * 60_000;

/** What was found under a key, and which object that was. */
interface Sighting extends Inspection {
  /** Absent when the store does not say. */
  readonly object?: StoredObject | undefined;
}

/**
 * Writes the right bytes over damaged ones. Objects are never replaced, so the damaged one is removed first: only
 * with verified bytes in hand, and under a deletion marker as the sweep does it, so that nobody puts the object
 * meanwhile and no other repair or sweep removes what was put. The marker stands for that one deletion; afterwards
 * the object is missing like any other. The flag goes last: a crash anywhere leaves a flagged artifact.
 */
@Injectable()
export class ScrubRepair {
  constructor(
    private readonly rows: ScrubArtifactsRepository,
    private readonly markers: RepairMarkersRepository,
    private readonly replacements: ScrubReplacements,
    private readonly checks: ScrubChecks,
    private readonly records: ScrubRecords,
    private readonly transactions: Transactions,
  ) {}

  /** Tries to repair a flagged artifact; what hinders it is noted with the artifact. Throws only what nobody expects. */
  async attempt(
    artifact: Artifact,
    holder: NamedStore,
    options: InspectionOptions = {},
  ): Promise<'repaired' | 'intact' | RepairResult> {
    const outcome = await this.repair(artifact, holder, options).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      if (error instanceof ObjectStoreUnavailable || error instanceof ObjectStoreRejected)
        return 'storage-unavailable' as const;
      throw error;
    });
    if (outcome !== 'repaired' && outcome !== 'intact') await this.records.noteFailure(artifact, outcome);
    return outcome;
  }

  private async repair(
    artifact: Artifact,
    holder: NamedStore,
    options: InspectionOptions,
  ): Promise<'repaired' | 'intact' | RepairResult> {
    const sighting = await look(artifact, holder, options);
    if (sighting.damage === undefined) return this.judge(artifact);
    return this.replacements.withBytes(artifact, options.signal, async (path) => {
      if (sighting.damage !== 'missing' && !(await this.remove(artifact, holder, sighting))) return 'busy';
      await failpoint('repair-removed');
      const { key, digest, sizeBytes: size } = artifact;
      await holder.store.put(key, { path, size, digest }, { digest, ...signalOf(options) });
      await failpoint('repair-put');
      const { damage } = await inspectBlob(holder.store, artifact, options);
      if (damage !== undefined) return 'storage-unavailable';
      await this.records.clear(artifact, 'repaired');
      return 'repaired';
    });
  }

  /** The bytes are right. */
  private async judge(artifact: Artifact): Promise<'intact' | 'not-repairable'> {
    if ((await this.checks.complaint(artifact)) !== undefined) return 'not-repairable';
    await this.records.clear(artifact, 'found');
    return 'intact';
  }

  /** Removes exactly the damaged object that was seen. `false` when it cannot be done now. */
  private async remove(artifact: Artifact, holder: NamedStore, seen: Sighting): Promise<boolean> {
    const begun = performance.now();
    const isMarked = await this.transactions.run(async () => {
      const row = await this.rows.lock(artifact.id);
      return row?.state === 'committed' && row.damagedAt !== null && this.markers.mark(row, TAKE_OVER_MS);
    });
    if (!isMarked) return false;
    await failpoint('repair-marked');
    const isSame = await isStillThere(artifact, holder, seen);
    const mayRemove = isSame && performance.now() - begun < MARKER_FRESH_MS;
    // When this fails the marker stays: nobody knows whether the object will go yet, and the sweep finds out.
    if (mayRemove) await holder.store.delete(artifact.key);
    await this.markers.unmark(artifact);
    return mayRemove;
  }
}

/** Reads an object, and makes sure that it was one and the same object from the beginning to the end. */
async function look(artifact: Artifact, holder: NamedStore, options: InspectionOptions): Promise<Sighting> {
  const before = await stat(artifact, holder);
  const inspection = await inspectBlob(holder.store, artifact, options);
  return { ...inspection, object: isSameObject(before, await stat(artifact, holder)) ? before : undefined };
}

async function isStillThere(artifact: Artifact, holder: NamedStore, seen: Sighting): Promise<boolean> {
  if (seen.damage === 'unreadable') {
    return (await inspectBlob(holder.store, artifact)).damage === 'unreadable';
  }
  return seen.object !== undefined && isSameObject(seen.object, await stat(artifact, holder));
}

/** Undefined when there is none, or when the store refuses to say. */
async function stat({ key }: Artifact, { store }: NamedStore): Promise<StoredObject | undefined> {
  return store.stat(key).catch((error: unknown) => {
    if (error instanceof ObjectStoreUnavailable) throw error;
    return undefined;
  });
}

function isSameObject(one: StoredObject | undefined, other: StoredObject | undefined): boolean {
  return one?.size === other?.size && one?.modifiedAtMs === other?.modifiedAtMs;
}

function signalOf({ signal }: InspectionOptions): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
