import { Injectable } from '@nestjs/common';
import { isUuid } from '../kernel/uuid.js';
import type { NamedStore } from './object-stores.service.js';
import { StorageEpochsRepository } from './persistence/storage-epochs.repository.js';
import { UnknownStorageEpoch } from './sweep.errors.js';

/** Where the objects of epochs are. */
export const EPOCHS_ROOT = 'epoch/';

/** Another process may be about to put the object of an epoch this young. */
const YOUNG_MS = 10 * 60_000;

/**
 * Whether a storage and this database belong together (threat K10). Every sweep begins an epoch: a row, then an
 * object `epoch/<id>`; older ones go, object first and row second. So each such object has a row, unless the
 * database is older than the storage, or younger, or somebody else's.
 */
@Injectable()
export class StorageEpochs {
  constructor(private readonly rows: StorageEpochsRepository) {}

  /**
   * Begins an epoch, also in a storage that does not belong here: whoever else uses it finds out with their next
   * sweep. Throws {@link UnknownStorageEpoch}, and what the store throws.
   */
  async begin(holder: NamedStore): Promise<void> {
    const { name, store } = holder;
    const unknown = await this.unknown(holder);
    const id = await this.rows.begin(name);
    await store.put(`${EPOCHS_ROOT}${id}`, Buffer.from(`${id}\n`));
    for (const old of await this.rows.olderThan(name, YOUNG_MS)) {
      await store.delete(`${EPOCHS_ROOT}${old}`);
      await this.rows.remove(old);
    }
    if (unknown.length > 0) throw new UnknownStorageEpoch(name);
  }

  /** The epochs of this storage that the database does not know. */
  async unknown({ name, store }: NamedStore): Promise<string[]> {
    const before = await this.rows.list(name);
    const found: string[] = [];
    for await (const { path } of store.list(EPOCHS_ROOT)) {
      const id = path.slice(EPOCHS_ROOT.length);
      if (isUuid(id)) found.push(id);
    }
    // One that was removed while the list was read was known before.
    const known = new Set([...before, ...(found.length > 0 ? await this.rows.list(name) : [])]);
    return found.filter((id) => !known.has(id));
  }
}
