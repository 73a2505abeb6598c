import { bodyInMemory, type StoredBody } from './stored-body.js';

/** An object, as tests may look at it. */
export interface S3Object {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly modifiedAtMs: number;
  readonly contentType: string | undefined;
  readonly storageClass: string;
  /** `x-amz-server-side-encryption` of the request. */
  readonly encryption: string | undefined;
  readonly kmsKeyId: string | undefined;
  /** Base64; of several parts with their number behind it. */
  readonly checksumSha256: string | undefined;
  readonly parts: number;
  readonly body: StoredBody;
}

/** What is said about an object when its upload begins. */
export type S3ObjectHeaders = Pick<S3Object, 'contentType' | 'storageClass' | 'encryption' | 'kmsKeyId'>;

export interface S3Part {
  readonly etag: string;
  /** In hex. */
  readonly md5: string;
  /** Base64, when the client sent it. */
  readonly checksumSha256: string | undefined;
  readonly body: StoredBody;
}

/** A multipart upload under way. */
export interface S3Upload {
  readonly id: string;
  readonly key: string;
  readonly initiatedAtMs: number;
  readonly headers: S3ObjectHeaders;
  readonly hasChecksums: boolean;
  readonly parts: Map<number, S3Part>;
}

/** An object as if it had been put there. */
export function plantedObject(key: string, bytes: Buffer): S3Object {
  return {
    key,
    size: bytes.length,
    etag: '"planted"',
    modifiedAtMs: Date.now(),
    contentType: undefined,
    storageClass: 'STANDARD',
    encryption: undefined,
    kmsKeyId: undefined,
    checksumSha256: undefined,
    parts: 1,
    body: bodyInMemory(bytes),
  };
}

/** One bucket. Writes are synchronous: two conditional ones cannot both find nothing. */
export class S3Bucket {
  readonly objects = new Map<string, S3Object>();
  readonly uploads = new Map<string, S3Upload>();

  /** Objects in the order of the bytes of their keys. */
  sorted(prefix: string): S3Object[] {
    return byKey([...this.objects.values()].filter(({ key }) => key.startsWith(prefix)));
  }

  sortedUploads(): S3Upload[] {
    return byKey([...this.uploads.values()].sort((one, other) => (one.id < other.id ? -1 : 1)));
  }

  async remove(key: string): Promise<void> {
    const object = this.objects.get(key);
    this.objects.delete(key);
    await object?.body.remove();
  }

  async abort(uploadId: string): Promise<void> {
    const upload = this.uploads.get(uploadId);
    this.uploads.delete(uploadId);
    for (const { body } of upload?.parts.values() ?? []) await body.remove();
  }
}

function byKey<T extends { key: string }>(entries: T[]): T[] {
  return entries.sort((one, other) => Buffer.compare(Buffer.from(one.key), Buffer.from(other.key)));
}
