import { type FileHandle, open } from 'node:fs/promises';
import { Sha256Hash } from '../../../kernel/sha256.js';
import type { FileSource } from '../../object-store.js';
import { ObjectStoreRejected } from '../../object-store.errors.js';

/** Read and hashed at once: short enough to let other work of the process in between. */
const STEP_BYTES = 512 * 1024;

/** A part of a file. */
export interface FilePart {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** In hex. */
  readonly sha256: string;
}

/** Reads a source file once, part by part, and hashes the parts and the whole. Several may ask for parts at once. */
export class S3SourceFile {
  private readonly hash = new Sha256Hash();
  private position = 0;
  private parts = 0;
  private reading: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly file: FileHandle,
    readonly size: number,
  ) {}

  /** Throws `ObjectStoreRejected` (`size`) for a file that has another size than the source says. */
  static async open(source: FileSource): Promise<S3SourceFile> {
    const file = await open(source.path, 'r');
    try {
      const status = await file.stat();
      if (!status.isFile() || status.size !== source.size) throw new ObjectStoreRejected('size');
      return new S3SourceFile(file, source.size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The next part, as large as `memory`, where its bytes are; undefined at the end. */
  next(memory: Buffer, signal: AbortSignal | undefined): Promise<FilePart | undefined> {
    const next = this.reading.then(() => this.read(memory, signal));
    // Whoever waits for a part hears of the failure; the chain is only an order.
    this.reading = next.catch(() => undefined);
    return next;
  }

  /** Called after the last part: throws `ObjectStoreRejected` (`digest`) unless all `digests` are that of the file. */
  assertDigests(digests: readonly (string | undefined)[]): void {
    const found = this.hash.hex();
    if (digests.some((digest) => digest !== undefined && digest !== found)) {
      throw new ObjectStoreRejected('digest');
    }
  }

  async close(): Promise<void> {
    await this.reading;
    await this.file.close();
  }

  private async read(memory: Buffer, signal: AbortSignal | undefined): Promise<FilePart | undefined> {
    const bytes = memory.subarray(0, Math.min(memory.length, this.size - this.position));
    if (bytes.length === 0) return undefined;
    const hash = new Sha256Hash();
    for (let filled = 0; filled < bytes.length;) {
      signal?.throwIfAborted();
      const wanted = Math.min(STEP_BYTES, bytes.length - filled);
      const { bytesRead } = await this.file.read(bytes, filled, wanted, this.position);
      if (bytesRead === 0) throw new ObjectStoreRejected('size');
      const piece = bytes.subarray(filled, filled + bytesRead);
      hash.update(piece);
      this.hash.update(piece);
      filled += bytesRead;
      this.position += bytesRead;
    }
    this.parts += 1;
    return { number: this.parts, bytes, sha256: hash.hex() };
  }
}
