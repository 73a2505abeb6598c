import { createHash, type Hash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';

/** A SHA-256 in the making. `hex()` ends it; it may be called once. */
export class Sha256Hash {
  private readonly hash: Hash = createHash('sha256');

  update(chunk: Uint8Array): void {
    this.hash.update(chunk);
  }

  /** The digest of everything given to `update`: 64 lower-case hex digits. */
  hex(): string {
    return this.hash.digest('hex');
  }
}

/** Passes bytes on unchanged while it counts and hashes them. `digest` is known after `end`. */
export class HashingStream extends Transform {
  private readonly hash = new Sha256Hash();
  private finished: string | undefined;
  private bytes = 0;

  /** SHA-256 of what has passed, 64 lower-case hex digits. Throws when asked before the stream has ended. */
  get digest(): string {
    if (this.finished === undefined) {
      throw new Error('The digest of a HashingStream is known only after it has ended');
    }
    return this.finished;
  }

  /** Bytes that have passed so far. */
  get size(): number {
    return this.bytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.finished = this.hash.hex();
    done();
  }
}

/** SHA-256 of bytes, or of a text as UTF-8: 64 lower-case hex digits. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}
