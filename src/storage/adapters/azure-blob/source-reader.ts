import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Sha256Hash } from '../../../kernel/sha256.js';
import type { FileSource } from '../../object-store.js';
import { ObjectStoreRejected } from '../../object-store.errors.js';

/** Read and hashed at once: short enough to let other work of the process in between. */
const STEP_BYTES = 512 * 1024;

/** A part of a file, and its MD5, with which Azure checks what arrives. */
export interface SourcePart {
  readonly bytes: Buffer;
  readonly md5: Buffer;
}

/** Reads a source file once from its start to its end, and hashes it on the way. */
export class SourceReader {
  private readonly hash = new Sha256Hash();
  private position = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly size: number,
  ) {}

  /** `ObjectStoreRejected` (`size`) when the file has another size than the source says. */
  static async open(source: FileSource): Promise<SourceReader> {
    const file = await open(source.path, 'r');
    try {
      const status = await file.stat();
      if (!status.isFile() || status.size !== source.size) throw new ObjectStoreRejected('size');
      return new SourceReader(file, source.size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get isAtEnd(): boolean {
    return this.position === this.size;
  }

  /** The next bytes of the file, as many as fit into `memory`, which they are kept in. */
  async next(memory: Buffer, signal: AbortSignal | undefined): Promise<SourcePart> {
    const bytes = memory.subarray(0, Math.min(memory.length, this.size - this.position));
    const md5 = createHash('md5');
    for (let at = 0; at < bytes.length;) at += await this.step(bytes.subarray(at), md5, signal);
    return { bytes, md5: md5.digest() };
  }

  /**
   * Called after the last bytes: `ObjectStoreRejected` when the file has grown meanwhile (`size`), or its SHA-256 is
   * none of `digests` (`digest`); those that are undefined do not count.
   */
  async finish(digests: readonly (string | undefined)[]): Promise<void> {
    const { bytesRead } = await this.file.read(Buffer.alloc(1), 0, 1, this.position);
    if (bytesRead > 0) throw new ObjectStoreRejected('size');
    assertDigest(this.hash.hex(), digests);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async step(memory: Buffer, md5: Hash, signal: AbortSignal | undefined): Promise<number> {
    signal?.throwIfAborted();
    const length = Math.min(memory.length, STEP_BYTES);
    const { bytesRead } = await this.file.read(memory, 0, length, this.position);
    if (bytesRead === 0) throw new ObjectStoreRejected('size');
    const read = memory.subarray(0, bytesRead);
    this.hash.update(read);
    md5.update(read);
    this.position += bytesRead;
    return bytesRead;
  }
}

/** `ObjectStoreRejected` (`digest`) when one of `expected` is another one; undefined says nothing. */
export function assertDigest(found: string, expected: readonly (string | undefined)[]): void {
  if (expected.some((digest) => digest !== undefined && digest !== found)) {
    throw new ObjectStoreRejected('digest');
  }
}
