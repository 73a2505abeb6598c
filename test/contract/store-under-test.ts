import type { ObjectStore, StoredObject } from '../../src/storage/object-store.js';

/** A store under test, empty, with what the suite has to do to it. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** Makes the store impossible to reach; returns what ends that. */
  readonly breakConnection: () => Promise<() => Promise<void>>;
  /** Everything that the store keeps, also files that are not objects: must be empty after a failed write. */
  readonly residue: () => Promise<readonly string[]>;
  readonly dispose: () => Promise<void>;
}

/** Everything that a list yields. */
export async function all(list: AsyncIterable<StoredObject>): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of list) found.push(object);
  return found;
}
