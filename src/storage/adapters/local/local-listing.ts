import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isObjectPath } from '../../object-path.js';
import type { StoredObject } from '../../object-store.js';
import { ObjectStoreRejected } from '../../object-store.errors.js';
import { saysMissing } from './local.errors.js';

/** The regular files below `root` whose path begins with `prefix`, in the order of the bytes of their paths. */
export async function* listFiles(root: string, prefix: string): AsyncIterable<StoredObject> {
  const slash = prefix.lastIndexOf('/');
  const directory = prefix.slice(0, Math.max(slash, 0));
  if (directory !== '' && !isObjectPath(directory)) throw new ObjectStoreRejected('path');
  yield* walk(root, directory, prefix);
}

async function* walk(root: string, directory: string, prefix: string): AsyncIterable<StoredObject> {
  for (const entry of await entriesOf(join(root, directory))) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (!isObjectPath(path)) continue;
    const inside = `${path}/`;
    if (entry.isDirectory() && (inside.startsWith(prefix) || prefix.startsWith(inside))) {
      yield* walk(root, path, prefix);
    } else if (entry.isFile() && path.startsWith(prefix)) {
      yield* fileAt(root, path);
    }
  }
}

async function* fileAt(root: string, path: string): AsyncIterable<StoredObject> {
  try {
    const status = await lstat(join(root, path));
    if (status.isFile()) yield { path, size: status.size, modifiedAtMs: status.mtimeMs };
  } catch (error) {
    if (!saysMissing(error)) throw error;
  }
}

/** Sorted as the paths below them sort: a directory counts with its slash. */
async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const keyed = entries.map((entry) => ({
      entry,
      key: Buffer.from(entry.name + (entry.isDirectory() ? '/' : '')),
    }));
    return keyed.sort((one, other) => Buffer.compare(one.key, other.key)).map(({ entry }) => entry);
  } catch (error) {
    if (saysMissing(error)) return [];
    throw error;
  }
}
