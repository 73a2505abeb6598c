import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as breath } from 'node:timers/promises';
import { Sha256Hash } from '../../../kernel/sha256.js';
import type { ObjectSource, PutOptions } from '../../object-store.js';
import { ObjectStoreRejected } from '../../object-store.errors.js';

const SLICE_BYTES = 1024 * 1024;

/**
 * The bytes of a source, from front to back, while they are hashed. The last ones are given only when all of them
 * have the digest and the size that were said, so nothing wrong can become an object.
 */
export class HashedSource {
  private readonly sha256 = new Sha256Hash();
  private readonly md5Hash = createHash('md5');
  private md5OfAll: string | undefined;
  private memory: Buffer | undefined;
  private position = 0;

  private constructor(
    private readonly source: Buffer | FileHandle,
    readonly size: number,
    private readonly digests: readonly string[],
  ) {}

  /** Throws `ObjectStoreRejected` (`size`) for a file that has another one. */
  static async open(source: ObjectSource, { digest }: PutOptions): Promise<HashedSource> {
    if (Buffer.isBuffer(source)) return new HashedSource(source, source.length, said(digest));
    const file = await open(source.path, 'r');
    try {
      if ((await file.stat()).size !== source.size) throw new ObjectStoreRejected('size');
      return new HashedSource(file, source.size, said(digest, source.digest));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** MD5 of all bytes, in Base64; undefined until the last ones were given. */
  get md5(): string | undefined {
    return this.md5OfAll;
  }

  /**
   * The next `maxBytes` bytes, or what is left, in memory that is used again by the next call. Throws
   * `ObjectStoreRejected` (`digest`, `size`).
   */
  async next(maxBytes: number): Promise<Buffer> {
    const piece = await this.read(Math.min(maxBytes, this.size - this.position));
    for (let at = 0; at < piece.length; at += SLICE_BYTES) {
      // Other requests are served between two slices.
      if (at > 0) await breath();
      const slice = piece.subarray(at, at + SLICE_BYTES);
      this.sha256.update(slice);
      this.md5Hash.update(slice);
    }
    this.position += piece.length;
    if (this.position === this.size) this.finish();
    return piece;
  }

  async close(): Promise<void> {
    if (!Buffer.isBuffer(this.source)) await this.source.close();
  }

  private async read(length: number): Promise<Buffer> {
    if (Buffer.isBuffer(this.source)) return this.source.subarray(this.position, this.position + length);
    this.memory ??= Buffer.allocUnsafeSlow(length);
    for (let filled = 0; filled < length;) {
      const { bytesRead } = await this.source.read(
        this.memory,
        filled,
        length - filled,
        this.position + filled,
      );
      if (bytesRead === 0) throw new ObjectStoreRejected('size');
      filled += bytesRead;
    }
    return this.memory.subarray(0, length);
  }

  private finish(): void {
    const digest = this.sha256.hex();
    if (this.digests.some((expected) => expected !== digest)) throw new ObjectStoreRejected('digest');
    this.md5OfAll = this.md5Hash.digest('base64');
  }
}

function said(...digests: (string | undefined)[]): string[] {
  return digests.filter((digest) => digest !== undefined);
}
