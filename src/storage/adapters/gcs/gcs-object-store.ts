import type { GcsSettings } from '../../domain/backend-settings.js';
import type { ObjectStoreConnections } from '../../object-store-connections.js';
import { assertObjectPath } from '../../object-path.js';
import {
  type ObjectBody,
  type ObjectRange,
  type ObjectSource,
  ObjectStore,
  type PutOptions,
  type PutOutcome,
  type SignedUrlOptions,
  type StoredObject,
} from '../../object-store.js';
import { ObjectNotFound, ObjectStoreRejected, ObjectStoreUnavailable } from '../../object-store.errors.js';
import { GcsApi, type GcsObject } from './gcs-api.js';
import { openAnswer, rangeHeader } from './gcs-download.js';
import { GcsRefusal, sortedError } from './gcs.errors.js';
import { assertBucket, listObjects, storedObject } from './gcs-listing.js';
import { signedUrl } from './gcs-signed-url.js';
import { HashedSource } from './gcs-source.js';
import { GcsUploads } from './gcs-uploads.js';

const IDLE_MS = 30_000;
/** Times that an object may be removed between the answers that it exists and that it does not. */
const MAX_REMOVALS = 20;

/**
 * Objects in a bucket of Google Cloud Storage. A write is one request, or a resumable upload whose last chunk is sent
 * when the bytes have proved right, on the condition that no object of the name exists. Before an object counts as
 * missing, the bucket is asked for: one that is gone has no missing objects.
 */
export class GcsObjectStore extends ObjectStore {
  readonly driver = 'gcs';
  private readonly api: GcsApi;
  private readonly uploads: GcsUploads;

  constructor(
    private readonly settings: GcsSettings,
    connections: ObjectStoreConnections,
    /** Longest time in which nothing moves on a connection, in milliseconds. */
    idleMs = IDLE_MS,
  ) {
    super();
    this.api = new GcsApi(settings, connections, idleMs);
    this.uploads = new GcsUploads(this.api, settings);
  }

  async put(path: string, source: ObjectSource, options: PutOptions = {}): Promise<PutOutcome> {
    assertObjectPath(path);
    const size = Buffer.isBuffer(source) ? source.length : source.size;
    try {
      for (let removals = 0; removals < MAX_REMOVALS; removals++) {
        options.signal?.throwIfAborted();
        if (await this.write(path, source, options)) return 'created';
        const found = await this.find(path);
        if (found && found.size !== size) throw new ObjectStoreRejected('exists');
        if (found) return 'existed';
      }
      throw new ObjectStoreUnavailable('put: removed again and again');
    } catch (error) {
      options.signal?.throwIfAborted();
      throw sortedError(error, 'put');
    }
  }

  async get(path: string, range?: ObjectRange): Promise<ObjectBody> {
    assertObjectPath(path);
    try {
      const header = range && rangeHeader(range);
      if (range && header === undefined) return await this.refuseRange(path);
      const answer = await this.api.send({
        method: 'GET',
        path: `${this.pathOf(path)}?alt=media`,
        // Packed objects come as they are stored, not unpacked by the service.
        headers: { 'accept-encoding': 'gzip', ...(header !== undefined && { range: header }) },
        accepts: [404, 416],
      });
      if (answer.status !== 404 && answer.status !== 416) return openAnswer(answer, range, this.api.idleMs);
      await this.api.discard(answer);
      return await (answer.status === 404 ? this.refuseMissing() : this.refuseRange(path));
    } catch (error) {
      throw sortedError(error, 'get');
    }
  }

  async stat(path: string): Promise<StoredObject> {
    assertObjectPath(path);
    try {
      return (await this.find(path)) ?? (await this.refuseMissing());
    } catch (error) {
      throw sortedError(error, 'stat');
    }
  }

  async delete(path: string): Promise<void> {
    assertObjectPath(path);
    try {
      const { bucket } = await this.api.bucket();
      const isThere = await unlessMissing(bucket.file(path).delete());
      if (isThere === undefined) await assertBucket(bucket);
    } catch (error) {
      throw sortedError(error, 'delete');
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    try {
      yield* listObjects((await this.api.bucket()).bucket, prefix);
    } catch (error) {
      throw sortedError(error, 'list');
    }
  }

  /** Undefined for credentials that have no account to sign with. Asks Google to sign where there is no private key. */
  async signedUrl(path: string, options: SignedUrlOptions): Promise<string | undefined> {
    assertObjectPath(path);
    try {
      const { identity } = await this.api.bucket();
      if (!identity.signs) return undefined;
      const place = { endpoint: this.api.endpoint, bucket: this.settings.bucket, path };
      return await this.api.asLogin(signedUrl(identity, place, options));
    } catch (error) {
      throw sortedError(error, 'signedUrl');
    }
  }

  /**
   * Google forgets uploads that were not finished after a week, and cannot list them: only those are cancelled that
   * this process began and could not cancel.
   */
  async removeUnfinished(olderThanMs: number): Promise<number> {
    try {
      return await this.uploads.cancelAbandoned(olderThanMs);
    } catch (error) {
      throw sortedError(error, 'removeUnfinished');
    }
  }

  /** Nothing: the connections belong to whoever gave them. */
  async close(): Promise<void> {}

  private async write(path: string, source: ObjectSource, options: PutOptions): Promise<boolean> {
    const bytes = await HashedSource.open(source, options);
    try {
      return await this.uploads.create(path, bytes, options.signal);
    } finally {
      await bytes.close();
    }
  }

  private async find(path: string): Promise<StoredObject | undefined> {
    const { bucket } = await this.api.bucket();
    const found = await unlessMissing(bucket.file(path).getMetadata());
    return found && storedObject(found[0] as GcsObject);
  }

  /** There is no such object, if there is a bucket. */
  private async refuseMissing(): Promise<never> {
    await assertBucket((await this.api.bucket()).bucket);
    throw new ObjectNotFound();
  }

  private async refuseRange(path: string): Promise<never> {
    throw new ObjectStoreRejected('range', (await this.stat(path)).size);
  }

  private pathOf(path: string): string {
    return `/storage/v1/b/${encodeURIComponent(this.settings.bucket)}/o/${encodeURIComponent(path)}`;
  }
}

/** What `work` gives; undefined when the service finds nothing: no object, or no bucket. */
async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof GcsRefusal && error.status === 404) return undefined;
    throw error;
  }
}
