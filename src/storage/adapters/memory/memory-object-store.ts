import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { sha256Hex } from '../../../kernel/sha256.js';
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

interface Held {
  readonly bytes: Buffer;
  readonly modifiedAtMs: number;
}

/**
 * Objects in the memory of this process, for tests; held to the same contract as the others. `failWith` makes
 * it behave like a store that cannot be reached.
 */
export class MemoryObjectStore extends ObjectStore {
  readonly driver = 'memory';
  private readonly objects = new Map<string, Held>();
  private outage: Error | undefined;

  /** From now on every call fails as unavailable with this cause; undefined ends the outage. */
  failWith(cause: Error | undefined): void {
    this.outage = cause;
  }

  async put(path: string, source: ObjectSource, options: PutOptions = {}): Promise<PutOutcome> {
    assertObjectPath(path);
    this.assertReachable('put');
    const bytes = await this.read(source, options.signal).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      throw error;
    });
    for (const expected of [options.digest, Buffer.isBuffer(source) ? undefined : source.digest]) {
      if (expected !== undefined && sha256Hex(bytes) !== expected) throw new ObjectStoreRejected('digest');
    }
    options.signal?.throwIfAborted();
    const existing = this.objects.get(path);
    if (existing && existing.bytes.length !== bytes.length) throw new ObjectStoreRejected('exists');
    if (existing) return 'existed';
    this.objects.set(path, { bytes, modifiedAtMs: Date.now() });
    return 'created';
  }

  async get(path: string, range?: ObjectRange): Promise<ObjectBody> {
    const { bytes } = this.held(path, 'get');
    const { start, length } = resolveRange(range, bytes.length);
    const part = bytes.subarray(start, start + length);
    return { size: bytes.length, start, length, stream: Readable.from(part.length ? [part] : []) };
  }

  async stat(path: string): Promise<StoredObject> {
    const { bytes, modifiedAtMs } = this.held(path, 'stat');
    return { path, size: bytes.length, modifiedAtMs };
  }

  async delete(path: string): Promise<void> {
    assertObjectPath(path);
    this.assertReachable('delete');
    this.objects.delete(path);
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    this.assertReachable('list');
    const paths = [...this.objects.keys()].filter((path) => path.startsWith(prefix));
    paths.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    for (const path of paths) {
      const held = this.objects.get(path);
      if (held) yield { path, size: held.bytes.length, modifiedAtMs: held.modifiedAtMs };
    }
  }

  async signedUrl(path: string): Promise<undefined> {
    assertObjectPath(path);
  }

  /** Nothing: a write is one step. */
  async removeUnfinished(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}

  private held(path: string, operation: string): Held {
    assertObjectPath(path);
    this.assertReachable(operation);
    const held = this.objects.get(path);
    if (!held) throw new ObjectNotFound();
    return held;
  }

  private assertReachable(operation: string): void {
    if (this.outage) throw new ObjectStoreUnavailable(operation, { cause: this.outage });
  }

  private async read(source: ObjectSource, signal: AbortSignal | undefined): Promise<Buffer> {
    signal?.throwIfAborted();
    if (Buffer.isBuffer(source)) return Buffer.from(source);
    const bytes = await buffer(createReadStream(source.path, { signal }));
    if (bytes.length !== source.size) throw new ObjectStoreRejected('size');
    return bytes;
  }
}
