import { Sha256Hash } from '../kernel/sha256.js';
import { ArtifactKey } from './artifact-key.js';
import type { Artifact } from './domain/artifact.js';
import type { Damage } from './domain/scrub-damage.js';
import type { ObjectStore } from './object-store.js';
import { ObjectNotFound, ObjectStoreRejected } from './object-store.errors.js';

/** What was found out about the bytes of one artifact. */
export interface Inspection {
  /** What is wrong with them; absent when they are right. */
  readonly damage?: Exclude<Damage, 'failed-check'>;
  /** What was found instead. */
  readonly detail?: string;
  /** Bytes that were read. */
  readonly bytes: number;
}

/** How bytes are read. */
export interface InspectionOptions {
  /** Ends the reading with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each piece; the next one is not read before it settles. */
  readonly onBytes?: ((count: number) => Promise<void>) | undefined;
}

/** The part of an artifact that says what its bytes must be. */
export type ExpectedBytes = Pick<Artifact, 'key' | 'digest' | 'sizeBytes'>;

/**
 * Reads the bytes of an artifact and judges them. Throws what the store throws when it cannot say: unavailable, or
 * its settings do not work.
 */
export async function inspectBlob(
  store: ObjectStore,
  expected: ExpectedBytes,
  options: InspectionOptions = {},
): Promise<Inspection> {
  try {
    const { size, digest } = await measure(store, expected, options);
    if (size !== expected.sizeBytes) {
      const bytes = digest === undefined ? 0 : size;
      return { damage: 'wrong-size', detail: `${size} bytes instead of ${expected.sizeBytes}`, bytes };
    }
    const isRight = digest === expected.digest || digest === ArtifactKey.parse(expected.key)?.digest;
    return isRight ? { bytes: size } : { damage: 'wrong-digest', detail: `found ${digest}`, bytes: size };
  } catch (error) {
    if (error instanceof ObjectNotFound) return { damage: 'missing', bytes: 0 };
    if (error instanceof ObjectStoreRejected && error.reason !== 'settings') {
      return { damage: 'unreadable', detail: `the storage says: ${error.reason}`, bytes: 0 };
    }
    throw error;
  }
}

/** Size and digest of what is stored; an object of another size is not read. */
async function measure(
  store: ObjectStore,
  { key, sizeBytes }: ExpectedBytes,
  { signal, onBytes }: InspectionOptions,
): Promise<{ size: number; digest?: string }> {
  signal?.throwIfAborted();
  const { stream, size } = await store.get(key);
  if (size !== sizeBytes) {
    stream.destroy();
    return { size };
  }
  const hash = new Sha256Hash();
  let read = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    signal?.throwIfAborted();
    hash.update(chunk);
    read += chunk.length;
    await onBytes?.(chunk.length);
  }
  return { size: read, digest: hash.hex() };
}
