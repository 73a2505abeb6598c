import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, rm, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { failpoint } from '../../../platform/failpoints/failpoint.js';
import { assertObjectPath } from '../../object-path.js';
import { resolveRange } from '../../object-range.js';
import {
  ObjectStore,
  type ObjectBody,
  type ObjectRange,
  type ObjectSource,
  type PutOptions,
  type PutOutcome,
  type StoredObject,
} from '../../object-store.js';
import { ObjectNotFound, ObjectStoreRejected, ObjectStoreUnavailable } from '../../object-store.errors.js';
import { LocalDirectories } from './local-directories.js';
import { copyPart, readPart } from './local-file-stream.js';
import { listFiles } from './local-listing.js';
import { linkNew, prepareFile, removeLeftCopies } from './local-staging.js';
import { saysMissing, sortedError, systemCode } from './local.errors.js';

/** Codes of `link` that say: not from there, try a copy on this file system. */
const NOT_LINKABLE = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP']);

/**
 * Objects as files below one directory. A write is a file on the same file system, fsync, `link` to its name
 * (which fails when the name exists), fsync of the directories: a crash leaves a staged file at most. A
 * source file on the same file system becomes the object itself. Reads refuse links (`O_NOFOLLOW`) and
 * directories that really lie outside the root. Names beginning with a dot are not objects.
 */
export class LocalObjectStore extends ObjectStore {
  readonly driver = 'local';
  private readonly root: string;
  private readonly directories: LocalDirectories;

  constructor(root: string) {
    super();
    this.root = resolve(root);
    this.directories = new LocalDirectories(this.root);
  }

  async put(path: string, source: ObjectSource, options: PutOptions = {}): Promise<PutOutcome> {
    assertObjectPath(path);
    try {
      options.signal?.throwIfAborted();
      try {
        return await this.write(path, source, options, false);
      } catch (error) {
        if (!NOT_LINKABLE.has(systemCode(error) ?? '')) throw error;
        return await this.write(path, source, options, true);
      }
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (saysMissing(error)) throw new ObjectStoreUnavailable('put', { cause: error });
      throw sortedError(error, 'put');
    }
  }

  async get(path: string, range?: ObjectRange): Promise<ObjectBody> {
    const file = await this.guarded('get', path, async (name) => {
      await this.directories.assertInside(dirname(name));
      return open(name, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    });
    try {
      const status = await file.stat();
      if (!status.isFile()) throw notAnObject(status);
      const { start, length } = resolveRange(range, status.size);
      if (length > 0) return openPart(file, status.size, start, length);
      await file.close();
      return { size: status.size, start, length, stream: Readable.from([]) };
    } catch (error) {
      await file.close().catch(() => undefined);
      throw sortedError(error, 'get');
    }
  }

  async stat(path: string): Promise<StoredObject> {
    const status = await this.guarded('stat', path, async (file) => {
      await this.directories.assertInside(dirname(file));
      return lstat(file);
    });
    if (!status.isFile()) throw notAnObject(status);
    return { path, size: status.size, modifiedAtMs: status.mtimeMs };
  }

  async delete(path: string): Promise<void> {
    try {
      await this.guarded('delete', path, async (file) => {
        await this.directories.assertInside(dirname(file));
        await unlink(file);
      });
    } catch (error) {
      if (!(error instanceof ObjectNotFound)) throw error;
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    try {
      await this.directories.assertRoot('list');
      yield* listFiles(this.root, prefix);
    } catch (error) {
      throw sortedError(error, 'list');
    }
  }

  async signedUrl(path: string): Promise<undefined> {
    assertObjectPath(path);
  }

  /** Copies that were begun in the staging directory of this root. */
  async removeUnfinished(olderThanMs: number): Promise<number> {
    try {
      return await removeLeftCopies(await this.directories.prepare(), olderThanMs);
    } catch (error) {
      throw sortedError(error, 'remove unfinished');
    }
  }

  async close(): Promise<void> {}

  private async write(
    path: string,
    source: ObjectSource,
    options: PutOptions,
    copy: boolean,
  ): Promise<PutOutcome> {
    const directory = dirname(join(this.root, path));
    const file = await prepareFile(source, options, await this.directories.prepare(), copy);
    let outcome: PutOutcome;
    try {
      await this.directories.make(directory);
      options.signal?.throwIfAborted();
      await failpoint('before-blob-link');
      outcome = await linkNew(file, join(this.root, path));
      await failpoint('after-blob-link');
    } finally {
      if (file.isTemporary) await rm(file.path, { force: true });
    }
    await this.directories.sync(directory);
    return outcome;
  }

  /** Runs `work` with the file of `path`; a missing file is told from a missing root. */
  private async guarded<T>(operation: string, path: string, work: (file: string) => Promise<T>): Promise<T> {
    assertObjectPath(path);
    try {
      return await work(join(this.root, path));
    } catch (error) {
      if (saysMissing(error)) await this.directories.assertRoot(operation);
      throw sortedError(error, operation);
    }
  }
}

/** A folder is no object; anything else that is no regular file was put there by somebody. */
function notAnObject(status: Stats): Error {
  return status.isDirectory() ? new ObjectNotFound() : new ObjectStoreRejected('denied');
}

function openPart(file: FileHandle, size: number, start: number, length: number): ObjectBody {
  const stream = readPart(file, start, length);
  return { size, start, length, stream, copyTo: (write) => copyPart(file, start, length, write) };
}
