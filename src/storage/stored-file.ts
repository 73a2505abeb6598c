import { attachment } from '../platform/http/content-disposition.js';
import type { BytePart } from '../platform/http/byte-range.js';
import type { FileContent, ServedFile } from '../platform/http/stream-response.js';
import type { ArtifactKey } from './artifact-key.js';

/** An artifact as it is served: immutable, so its digest is its entity tag (REST contract 7). */
export class StoredFile implements ServedFile {
  readonly etag: string;
  readonly headers: readonly string[];
  readonly bytes?: Buffer;
  readonly open: (part: BytePart) => Promise<FileContent>;
  private readonly sizeBytes: number;

  /** `content`: all bytes, or the size and how to open a part. */
  constructor(
    readonly key: ArtifactKey,
    content: Buffer | { readonly size: number; readonly open: (part: BytePart) => Promise<FileContent> },
  ) {
    this.etag = `"${key.digest}"`;
    this.headers = Object.freeze([
      ...['content-type', key.contentType, 'content-disposition', attachment(key.filename)],
      ...['x-checksum-sha256', key.digest],
    ]);
    if (Buffer.isBuffer(content)) {
      this.bytes = content;
      this.sizeBytes = content.length;
      this.open = () => Promise.reject(new Error('The content is in memory'));
    } else {
      this.sizeBytes = content.size;
      this.open = content.open;
    }
  }

  size(): number {
    return this.sizeBytes;
  }
}
