import type { ObjectStore, StoredObject } from '../../src/storage/object-store.js';

/** A store under test, empty, with what the suite has to do to it. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** A second client on the same data, as another process would be. */
  readonly another: () => Promise<ObjectStore>;
  /** Makes the store impossible to reach; returns what ends that. */
  readonly breakConnection: () => Promise<() => Promise<void>>;
  /** Makes the backend refuse the credentials or rights of the store; returns what ends that. */
  readonly refuseAccess?: () => Promise<() => Promise<void>>;
  /** Takes away the bucket, the container or the directory with everything in it. */
  readonly removeContainer?: () => Promise<void>;
  /** Begins to upload an object and never ends it, as a process that is killed; where a backend has such a thing. */
  readonly abandonUpload?: (path: string) => Promise<void>;
  /** Whether `signedUrl` gives URLs; `false` unless given. */
  readonly signsUrls?: boolean;
  /** Whether `put` reads a source file, and so compares its digest; `false` unless given. */
  readonly readsFiles?: boolean;
  /** How many bytes a part of a large upload has; 8 MiB unless given. */
  readonly partBytes?: number;
  /**
   * Everything that the store keeps, also what is no object: files under way, unfinished uploads. Must be empty
   * after a failed write.
   */
  readonly residue: () => Promise<readonly string[]>;
  readonly dispose: () => Promise<void>;
}

/** A file for `put` with these bytes, removed after the tests. */
export type FileOf = (bytes: Buffer) => Promise<{ path: string; size: number }>;

/** Everything that a list yields. */
export async function all(list: AsyncIterable<StoredObject>): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of list) found.push(object);
  return found;
}
