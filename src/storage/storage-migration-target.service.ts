import { Injectable } from '@nestjs/common';
import type { ArtifactKey } from './artifact-key.js';
import { ArtifactStore } from './artifact-store.service.js';
import type { FailureReason } from './domain/storage-migration-failure.js';
import type { FileSource, ObjectStore } from './object-store.js';
import { ObjectNotFound } from './object-store.errors.js';
import { ObjectStores } from './object-stores.service.js';
import type { MovableObject } from './persistence/storage-migration-objects.repository.js';
import { inspectMoved } from './storage-migration-reading.js';
import type { StagedInTarget } from './storage-migration-switch.service.js';
import type { MigrationWork } from './storage-migration-work.js';

/** Puts the bytes of objects into the target, through the ordinary stage path. */
@Injectable()
export class StorageMigrationTarget {
  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly stores: ObjectStores,
  ) {}

  /**
   * Stages an object and reads it back; what was there before is always read, whoever put it. Answers why what was
   * read is not the object. Throws what `ArtifactStore.stage` and stores throw, and the reason of the signal.
   */
  async stage(
    object: MovableObject,
    key: ArtifactKey,
    bytes: FileSource,
    work: MigrationWork,
  ): Promise<StagedInTarget | FailureReason> {
    const { target, readsBack } = work.migration;
    const { store } = await this.stores.of(target);
    const isVerified = readsBack || (await exists(store, key.path));
    const artifact = await this.artifacts.stage(key, bytes, { storage: target });
    work.signal.throwIfAborted();
    if (!isVerified) return { artifact, isVerified };
    const { damage } = await inspectMoved(store, object, work);
    return damage ?? { artifact, isVerified };
  }
}

async function exists(store: ObjectStore, path: string): Promise<boolean> {
  try {
    await store.stat(path);
    return true;
  } catch (error) {
    if (error instanceof ObjectNotFound) return false;
    throw error;
  }
}
