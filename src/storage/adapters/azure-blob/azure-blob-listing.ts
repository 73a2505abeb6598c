import type { ContainerClient } from '@azure/storage-blob';
import { isObjectPath } from '../../object-path.js';
import type { StoredObject } from '../../object-store.js';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import { sortedError } from './azure-blob.errors.js';

const PAGE_SIZE = 1000;
/** The first of the two halves of a character beyond U+FFFF in a JavaScript string. */
const SURROGATE = /[\ud800-\udbff]/;

/** The objects of a container whose name begins with `prefix`, page by page, in the order of their UTF-8 bytes. */
export async function* listBlobs(container: ContainerClient, prefix: string): AsyncIterable<StoredObject> {
  let last: Buffer | undefined;
  for await (const object of inByteOrder(blobsOf(container, prefix))) {
    const name = Buffer.from(object.path);
    // Accounts with a hierarchical namespace have another order, on which comparisons of two lists would break.
    if (last && Buffer.compare(last, name) >= 0) throw new ObjectStoreUnavailable('list: not in order');
    last = name;
    yield object;
  }
}

async function* blobsOf(container: ContainerClient, prefix: string): AsyncIterable<StoredObject> {
  try {
    const pages = container.listBlobsFlat({ prefix: prefix || undefined }).byPage({ maxPageSize: PAGE_SIZE });
    for await (const { segment } of pages) {
      for (const { name, properties } of segment.blobItems) {
        if (!isObjectPath(name)) continue;
        yield {
          path: name,
          size: properties.contentLength ?? 0,
          modifiedAtMs: properties.lastModified.getTime(),
        };
      }
    }
  } catch (error) {
    throw sortedError(error, 'list');
  }
}

/**
 * The same objects in the order of UTF-8 bytes. They come in the order of UTF-16 units or of bytes: the two differ
 * only where one name has a character beyond U+FFFF and another has one from U+E000 to U+FFFF in its place. So from
 * the first such name on, those that share what stands before the character are collected and sorted.
 */
export async function* inByteOrder(objects: AsyncIterable<StoredObject>): AsyncIterable<StoredObject> {
  let held: StoredObject[] = [];
  let shared = '';
  for await (const object of objects) {
    if (held.length > 0 && object.path.startsWith(shared)) {
      held.push(object);
      continue;
    }
    yield* sorted(held);
    held = [];
    const at = object.path.search(SURROGATE);
    if (at === -1) {
      yield object;
      continue;
    }
    held = [object];
    shared = object.path.slice(0, at);
  }
  yield* sorted(held);
}

function sorted(objects: readonly StoredObject[]): StoredObject[] {
  return objects.toSorted((one, other) => Buffer.compare(Buffer.from(one.path), Buffer.from(other.path)));
}
