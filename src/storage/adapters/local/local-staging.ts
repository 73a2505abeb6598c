import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { link, lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HashingStream } from '../../../kernel/sha256.js';
import { failpoint } from '../../../platform/failpoints/failpoint.js';
import { newSpoolName, spoolOwner } from '../../../platform/temp-files/spool-name.js';
import type { ObjectSource, PutOptions, PutOutcome } from '../../object-store.js';
import { ObjectStoreRejected } from '../../object-store.errors.js';
import { saysMissing, systemCode } from './local.errors.js';

const CHUNK_BYTES = 256 * 1024;
/** Of the names of copies that are being written. */
const PREFIX = 'put';

/** A complete, durable file that has no name in the store yet. */
export interface PreparedFile {
  readonly path: string;
  readonly size: number;
  /** Made here, and so removed here. */
  readonly isTemporary: boolean;
}

/** The bytes of `source` as a durable file: the source file itself, or with `copy` or a Buffer a new one in `staging`. */
export async function prepareFile(
  source: ObjectSource,
  options: PutOptions,
  staging: string,
  copy: boolean,
): Promise<PreparedFile> {
  const file =
    Buffer.isBuffer(source) || copy ? await copied(source, options, staging) : await vouched(source, options);
  try {
    await failpoint('before-blob-fsync');
    await syncFile(file.path);
    await failpoint('after-blob-fsync');
    return file;
  } catch (error) {
    if (file.isTemporary) await rm(file.path, { force: true });
    throw error;
  }
}

/** Removes what writes of longer than `olderThanMs` ago left in `staging`. Returns how many. */
export async function removeLeftCopies(staging: string, olderThanMs: number): Promise<number> {
  let removed = 0;
  for (const name of await readdir(staging)) {
    if (!name.startsWith(`${PREFIX}.`) || spoolOwner(name) === undefined) continue;
    const path = join(staging, name);
    const status = await statusOf(path);
    if (status === undefined || Date.now() - status.mtimeMs < olderThanMs) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}

/** Gives `file` its name in the store, unless there is an object of that name already. */
export async function linkNew(file: PreparedFile, target: string): Promise<PutOutcome> {
  for (;;) {
    try {
      await link(file.path, target);
      return 'created';
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    const existing = await statusOf(target);
    // Removed between the two calls: then the name is free again.
    if (existing === undefined) continue;
    if (!existing.isFile()) throw new ObjectStoreRejected('denied');
    if (existing.size !== file.size) throw new ObjectStoreRejected('exists');
    return 'existed';
  }
}

async function statusOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (saysMissing(error)) return undefined;
    throw error;
  }
}

async function vouched(
  source: { path: string; size: number },
  { digest, signal }: PutOptions,
): Promise<PreparedFile> {
  const status = await lstat(source.path);
  if (!status.isFile() || status.size !== source.size) throw new ObjectStoreRejected('size');
  if (digest !== undefined) {
    const hashing = new HashingStream();
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    await pipeline(createReadStream(source.path, { highWaterMark: CHUNK_BYTES }), hashing, nowhere, {
      signal,
    });
    if (hashing.digest !== digest) throw new ObjectStoreRejected('digest');
  }
  return { path: source.path, size: source.size, isTemporary: false };
}

async function copied(source: ObjectSource, options: PutOptions, staging: string): Promise<PreparedFile> {
  const path = join(staging, newSpoolName(PREFIX));
  const expected = Buffer.isBuffer(source) ? source.length : source.size;
  const hashing = new HashingStream();
  try {
    await pipeline(
      Buffer.isBuffer(source) ? Readable.from(chunksOf(source)) : createReadStream(source.path),
      hashing,
      createWriteStream(path, { flags: 'wx', mode: 0o600 }),
      { signal: options.signal },
    );
    if (hashing.size !== expected) throw new ObjectStoreRejected('size');
    const digest = options.digest ?? (Buffer.isBuffer(source) ? undefined : source.digest);
    if (digest !== undefined && hashing.digest !== digest) throw new ObjectStoreRejected('digest');
    return { path, size: expected, isTemporary: true };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

function* chunksOf(bytes: Buffer): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
