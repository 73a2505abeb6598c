import { Injectable } from '@nestjs/common';
import type { FileSource } from './object-store.js';
import { ObjectNotFound, ObjectStoreUnavailable } from './object-store.errors.js';
import { ObjectStores } from './object-stores.service.js';
import {
  type MovableObject,
  StorageMigrationObjectsRepository,
} from './persistence/storage-migration-objects.repository.js';
import { type Reading, spoolObject } from './storage-migration-reading.js';

/** What became of the attempt to get the bytes of an object. */
export type FetchedObject = FileSource | 'source-missing' | 'source-damaged';

/** Gets the bytes of objects that are to be moved, from wherever they are intact. */
@Injectable()
export class StorageMigrationSource {
  constructor(
    private readonly stores: ObjectStores,
    private readonly objects: StorageMigrationObjectsRepository,
  ) {}

  /**
   * Copies the bytes of an object to `file` and compares their digest. When the source has none, or others, those of
   * another object with the same digest are taken. Throws what stores throw, and the reason of the signal.
   */
  async fetch(object: MovableObject, file: string, reading: Reading): Promise<FetchedObject> {
    const first = await this.attempt(object, object, file, reading);
    if (typeof first !== 'string') return first;
    let away: ObjectStoreUnavailable | undefined;
    for (const copy of await this.objects.copiesOf(object)) {
      const other = await this.attempt(copy, object, file, reading).catch((error: unknown) => {
        reading.signal.throwIfAborted();
        return error;
      });
      if (isFile(other)) return other;
      if (other instanceof ObjectStoreUnavailable) away = other;
    }
    // The bytes may be where nobody can look now: that is no reason to give the object up.
    if (away) throw away;
    return first;
  }

  private async attempt(
    from: MovableObject,
    wanted: MovableObject,
    file: string,
    reading: Reading,
  ): Promise<FetchedObject> {
    const { store } = await this.stores.of(from.storage);
    try {
      const { digest, size } = await spoolObject(store, from.key, file, reading);
      const isIntact = digest === wanted.digest && size === wanted.sizeBytes;
      return isIntact ? { path: file, size, digest } : 'source-damaged';
    } catch (error) {
      if (error instanceof ObjectNotFound) return 'source-missing';
      throw error;
    }
  }
}

function isFile(outcome: unknown): outcome is FileSource {
  return typeof outcome === 'object' && outcome !== null && 'digest' in outcome;
}
