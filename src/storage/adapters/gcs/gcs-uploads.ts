import { randomUUID } from 'node:crypto';
import type { GcsSettings } from '../../domain/backend-settings.js';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import type { GcsApi, GcsObject } from './gcs-api.js';
import { GcsRefusal } from './gcs.errors.js';
import { ResumableSession } from './gcs-resumable-session.js';
import type { HashedSource } from './gcs-source.js';

/** Chunks are multiples of this, the last one excepted. */
const CHUNK_UNIT = 256 * 1024;
const DEFAULT_CHUNK_BYTES = 8 * 1024 * 1024;
const CONTENT_TYPE = 'application/octet-stream';
const MAX_ABANDONED = 1_000;

/**
 * Writes objects of one bucket, each on the condition that its name is free. What fits into one chunk is one request
 * with its checksum; more is a resumable upload that holds one chunk in memory.
 */
export class GcsUploads {
  private readonly chunkBytes: number;
  /** Uploads that were to be cancelled, and the service could not be told. */
  private readonly abandoned = new Set<ResumableSession>();

  constructor(
    private readonly api: GcsApi,
    private readonly settings: GcsSettings,
  ) {
    const wanted = settings.resumableChunkBytes ?? DEFAULT_CHUNK_BYTES;
    this.chunkBytes = Math.max(Math.floor(wanted / CHUNK_UNIT), 1) * CHUNK_UNIT;
  }

  /** Whether the object was created; `false` when there is one of this name. */
  async create(path: string, source: HashedSource, signal: AbortSignal | undefined): Promise<boolean> {
    const object = await this.upload(path, source, signal);
    if (object) await this.assertArrived(path, object, source);
    return object !== undefined;
  }

  /** Cancels what was begun longer than `olderThanMs` ago, and could not be cancelled before. Returns how many. */
  async cancelAbandoned(olderThanMs: number): Promise<number> {
    const before = Date.now() - olderThanMs;
    let cancelled = 0;
    for (const session of [...this.abandoned].filter(({ begunAtMs }) => begunAtMs < before)) {
      await session.cancel();
      this.abandoned.delete(session);
      cancelled++;
    }
    return cancelled;
  }

  private async upload(
    path: string,
    source: HashedSource,
    signal: AbortSignal | undefined,
  ): Promise<GcsObject | undefined> {
    try {
      const isLarge = source.size > this.chunkBytes;
      return await (isLarge ? this.inChunks(path, source, signal) : this.atOnce(path, source, signal));
    } catch (error) {
      if (error instanceof GcsRefusal && error.status === 412) return undefined;
      throw error;
    }
  }

  private async atOnce(
    path: string,
    source: HashedSource,
    signal: AbortSignal | undefined,
  ): Promise<GcsObject> {
    const bytes = await source.next(this.chunkBytes);
    signal?.throwIfAborted();
    const boundary = randomUUID();
    const metadata = JSON.stringify({ ...this.metadataOf(path), md5Hash: source.md5 });
    const head =
      `--${boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${metadata}\r\n` +
      `--${boundary}\r\ncontent-type: ${CONTENT_TYPE}\r\n\r\n`;
    const object = await this.api.json<GcsObject>({
      method: 'POST',
      path: this.uploadPath('multipart'),
      headers: { 'content-type': `multipart/related; boundary=${boundary}` },
      body: [Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)],
      signal,
    });
    return object ?? {};
  }

  private async inChunks(
    path: string,
    source: HashedSource,
    signal: AbortSignal | undefined,
  ): Promise<GcsObject> {
    const target = this.uploadPath('resumable');
    const session = await ResumableSession.begin(this.api, target, this.metadataOf(path), source.size);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const chunk = await source.next(this.chunkBytes);
        const object = await session.send(chunk, source.md5, signal);
        if (object) return object;
      }
    } catch (error) {
      await session.cancel().catch(() => this.remember(session));
      throw error;
    }
  }

  /**
   * Takes back an object that is not what was sent. The service compares too, and creates none; this is for one that
   * does not.
   */
  private async assertArrived(path: string, object: GcsObject, source: HashedSource): Promise<void> {
    const { generation = '', md5Hash = source.md5, size = String(source.size) } = object;
    if (md5Hash === source.md5 && size === String(source.size)) return;
    const { bucket } = await this.api.bucket();
    await bucket.file(path).delete({ ifGenerationMatch: generation });
    throw new ObjectStoreUnavailable('put: the bytes were damaged on the way');
  }

  private remember(session: ResumableSession): void {
    if (this.abandoned.size < MAX_ABANDONED) this.abandoned.add(session);
  }

  private metadataOf(path: string): object {
    const { storageClass } = this.settings;
    return { name: path, contentType: CONTENT_TYPE, storageClass: storageClass?.toUpperCase() };
  }

  private uploadPath(uploadType: 'multipart' | 'resumable'): string {
    const bucket = encodeURIComponent(this.settings.bucket);
    return `/upload/storage/v1/b/${bucket}/o?uploadType=${uploadType}&ifGenerationMatch=0`;
  }
}
