import { once, EventEmitter } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';

const CHUNK_BYTES = 64 * 1024;

/**
 * A package that is being fetched. Its file grows, and any number of readers follow it; the last bytes leave only when
 * all of them were verified, so that what is wrong never arrives complete.
 */
export class ArrivingPackage {
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private received = 0;
  /** Grows when the download begins again: what was handed out before may be of another file. */
  private beginning = 0;
  private readers = 0;
  private outcome: { readonly size: number } | { readonly error: Error } | undefined;

  /**
   * @param path the file that grows
   * @param heldBackBytes so many bytes at the end wait for the verification
   */
  constructor(
    readonly path: string,
    private readonly heldBackBytes: number,
  ) {}

  /** So many bytes are in the file, in order. */
  advance(received: number): void {
    this.received = received;
    this.changes.emit('change');
  }

  /** The download begins again from the first byte; readers that have some of it fail. */
  restart(): void {
    this.received = 0;
    this.beginning += 1;
    this.changes.emit('change');
  }

  /** Everything was verified and will stay readable at `path` until the readers are through. */
  complete(size: number): void {
    this.outcome ??= { size };
    this.changes.emit('change');
  }

  /** The package is not usable; readers fail with `error`. */
  fail(error: Error): void {
    this.outcome ??= { error };
    this.changes.emit('change');
  }

  /** The bytes from the first on, as they come; fails where the package fails. */
  read(): Readable {
    return Readable.from(this.chunks(), { objectMode: false, highWaterMark: CHUNK_BYTES });
  }

  /** Resolves when no reader needs the file any more; readers that come later fail. */
  async drained(): Promise<void> {
    await this.until(() => this.readers === 0);
  }

  private async *chunks(): AsyncGenerator<Buffer> {
    this.readers += 1;
    try {
      await this.until(() => this.readable() > 0 || this.outcome !== undefined);
      this.assertUsable();
      const file = await open(this.path, 'r');
      try {
        yield* this.follow(file);
      } finally {
        await file.close();
      }
    } finally {
      this.readers -= 1;
      this.changes.emit('change');
    }
  }

  private async *follow(file: FileHandle): AsyncGenerator<Buffer> {
    let { beginning } = this;
    for (let position = 0; ;) {
      const hasNews = (): boolean =>
        this.readable() > position || this.outcome !== undefined || this.beginning !== beginning;
      await this.until(hasNews);
      this.assertUsable();
      if (position === 0) beginning = this.beginning;
      if (this.beginning !== beginning) throw new ArrivalRestarted();
      const wanted = Math.min(CHUNK_BYTES, this.readable() - position);
      if (wanted <= 0 && this.outcome !== undefined) return;
      if (wanted <= 0) continue;
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
      // The file may have been begun anew while it was read.
      if (bytesRead === 0 || this.beginning !== beginning) throw new ArrivalRestarted();
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  private assertUsable(): void {
    if (this.outcome !== undefined && 'error' in this.outcome) throw this.outcome.error;
  }

  private readable(): number {
    if (this.outcome !== undefined && 'size' in this.outcome) return this.outcome.size;
    return Math.max(0, this.received - this.heldBackBytes);
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.changes, 'change');
  }
}

/** The upstream sent another file from the beginning: the client has to ask again. */
class ArrivalRestarted extends Error {
  constructor() {
    super('The package is being fetched again from its beginning');
  }
}
