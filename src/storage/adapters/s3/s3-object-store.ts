import { DeleteObjectCommand, HeadBucketCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { S3Settings } from '../../domain/backend-settings.js';
import { assertObjectPath } from '../../object-path.js';
import { resolveRange } from '../../object-range.js';
import type { ObjectStoreConnections } from '../../object-store-connections.js';
import {
  ObjectStore,
  type ObjectBody,
  type ObjectRange,
  type ObjectSource,
  type PutOptions,
  type PutOutcome,
  type SignedUrlOptions,
  type StoredObject,
} from '../../object-store.js';
import { ObjectNotFound, ObjectStoreRejected, ObjectStoreUnavailable } from '../../object-store.errors.js';
import { DEFAULT_TIMEOUTS, newS3Client, type S3Access, transportOf } from './s3-client.js';
import { S3Credentials } from './s3-credentials.js';
import { isEmptyRange, openObject } from './s3-download.js';
import { abortUploadsBegunBefore, listObjects } from './s3-listing.js';
import { objectParametersOf } from './s3-object-parameters.js';
import { S3UrlSigner } from './s3-url-signer.js';
import { S3Writer } from './s3-writer.js';
import { saysNothingThere, saysRangeIsOutside, sortedError } from './s3.errors.js';

/**
 * Objects in a bucket of Amazon S3 or of a compatible service. Writes are conditional (`If-None-Match: *`) and carry
 * SHA-256 checksums; large files go up in parts, two at a time. Downloads go through presigned URLs (Signature
 * Version 4) or through `get`.
 */
export class S3ObjectStore extends ObjectStore {
  readonly driver = 's3';
  private readonly access: S3Access;
  private readonly writer: S3Writer;
  private readonly signer: S3UrlSigner;

  /** Throws `ObjectStoreRejected` (`settings`) for what cannot work. Asks nobody. */
  constructor(settings: S3Settings, connections: ObjectStoreConnections, timeouts = DEFAULT_TIMEOUTS) {
    super();
    const parameters = objectParametersOf(settings);
    const transport = transportOf(connections, timeouts);
    const credentials = new S3Credentials(settings, transport);
    const client = newS3Client(settings, settings.endpoint, () => credentials.current(), transport);
    this.access = { client, bucket: settings.bucket };
    this.writer = new S3Writer(this.access, parameters);
    this.signer = new S3UrlSigner(settings, credentials, transport);
  }

  async put(path: string, source: ObjectSource, options: PutOptions = {}): Promise<PutOutcome> {
    assertObjectPath(path);
    try {
      return await this.writer.put(path, source, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw sortedError(error, 'put');
    }
  }

  async get(path: string, range?: ObjectRange): Promise<ObjectBody> {
    assertObjectPath(path);
    if (isEmptyRange(range)) return this.refuseRange(path, range);
    try {
      return await openObject(this.access, path, range);
    } catch (error) {
      if (saysRangeIsOutside(error)) return this.refuseRange(path, range);
      throw sortedError(error, 'get');
    }
  }

  async stat(path: string): Promise<StoredObject> {
    assertObjectPath(path);
    const { client, bucket } = this.access;
    try {
      const command = new HeadObjectCommand({ Bucket: bucket, Key: path });
      const { ContentLength, LastModified } = await client.send(command);
      if (ContentLength === undefined || LastModified === undefined) {
        throw new ObjectStoreUnavailable('stat', { cause: new Error('S3 named neither size nor time') });
      }
      return { path, size: ContentLength, modifiedAtMs: LastModified.getTime() };
    } catch (error) {
      if (!saysNothingThere(error)) throw sortedError(error, 'stat');
      await this.assertBucket();
      throw new ObjectNotFound({ cause: error });
    }
  }

  async delete(path: string): Promise<void> {
    assertObjectPath(path);
    const { client, bucket } = this.access;
    try {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: path }));
    } catch (error) {
      const sorted = sortedError(error, 'delete');
      if (!(sorted instanceof ObjectNotFound)) throw sorted;
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    try {
      yield* listObjects(this.access, prefix);
    } catch (error) {
      throw sortedError(error, 'list');
    }
  }

  async signedUrl(path: string, options: SignedUrlOptions): Promise<string> {
    assertObjectPath(path);
    try {
      return await this.signer.sign(path, options);
    } catch (error) {
      throw sortedError(error, 'sign');
    }
  }

  async removeUnfinished(olderThanMs: number): Promise<number> {
    try {
      return await abortUploadsBegunBefore(this.access, Date.now() - olderThanMs);
    } catch (error) {
      throw sortedError(error, 'remove unfinished');
    }
  }

  /** Nothing: the connections belong to those who gave them. */
  async close(): Promise<void> {}

  /** A missing bucket answers HEAD of an object like a missing object. */
  private async assertBucket(): Promise<void> {
    const { client, bucket } = this.access;
    try {
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
    } catch (error) {
      if (saysNothingThere(error)) throw new ObjectStoreRejected('settings', undefined, { cause: error });
      throw sortedError(error, 'stat');
    }
  }

  /** Throws `ObjectStoreRejected` (`range`) with the size of the object, or `ObjectNotFound`. */
  private async refuseRange(path: string, range: ObjectRange | undefined): Promise<never> {
    const { size } = await this.stat(path);
    resolveRange(range, size);
    throw new ObjectStoreUnavailable('get', { cause: new Error('S3 refused a range that the object has') });
  }
}
