import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '../kernel/errors.js';
import { HashingStream } from '../kernel/sha256.js';
import { type ExpectedBytes, inspectBlob } from './blob-inspector.js';
import type { FailureReason } from './domain/storage-migration-failure.js';
import type { ObjectStore } from './object-store.js';
import { ObjectStoreUnavailable } from './object-store.errors.js';
import type { StorageMigrationPace } from './storage-migration-pace.js';

/** What was read to its end. */
export interface ReadObject {
  readonly digest: string;
  readonly size: number;
}

/** How objects are read: at which pace, and until when. */
export interface Reading {
  readonly pace: StorageMigrationPace;
  readonly signal: AbortSignal;
}

/**
 * Reads an object to its end into `file` and says what it was. Throws what the store throws, ObjectStoreUnavailable
 * also when the file cannot be written, and the reason of the signal.
 */
export async function spoolObject(
  store: ObjectStore,
  path: string,
  file: string,
  { pace, signal }: Reading,
): Promise<ReadObject> {
  const { stream } = await store.get(path);
  const hashing = new HashingStream();
  const paced = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      await pace.take(chunk.length, signal);
      yield chunk;
    }
  };
  try {
    await pipeline(stream, paced, hashing, createWriteStream(file, { mode: 0o600 }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DomainError) throw error;
    throw new ObjectStoreUnavailable('migrate: read', { cause: error });
  }
  return { digest: hashing.digest, size: hashing.size };
}

/** What an object of the target is found to be: intact, unless there is a reason why not. */
export interface MovedObject {
  readonly damage?: Extract<FailureReason, 'target-missing' | 'target-damaged' | 'refused'>;
}

/** Reads an object of the target again. Throws what the store throws when it cannot say, and the reason of the signal. */
export async function inspectMoved(
  store: ObjectStore,
  expected: ExpectedBytes,
  { pace, signal }: Reading,
): Promise<MovedObject> {
  const onBytes = (bytes: number): Promise<void> => pace.take(bytes, signal);
  const { damage } = await inspectBlob(store, expected, { signal, onBytes });
  switch (damage) {
    case undefined:
      return {};
    case 'missing':
      return { damage: 'target-missing' };
    case 'unreadable':
      return { damage: 'refused' };
    default:
      return { damage: 'target-damaged' };
  }
}
