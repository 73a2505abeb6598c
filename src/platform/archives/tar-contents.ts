import { extract, type Extract, type Header, type ExtractEvents } from 'tar-stream';
import { ArchiveRejected } from './archives.errors.js';
import type { GuardedEntry } from './tar-block-guard.js';

type EntryStream = ExtractEvents['entry'][1];

/** At most this much of one file is kept. */
export const MAX_CONTENT_BYTES = 1024 * 1024;
/** At most this much of all files together. */
export const MAX_TOTAL_CONTENT_BYTES = 16 * 1024 * 1024;

/**
 * The parser behind the guard: collects the content of wanted files and makes sure that it sees the very entries
 * that the guard has checked.
 */
export class TarContents {
  /** Content by plain name, each cut at 1 MiB; nothing more is kept once 16 MiB have been. */
  readonly contents = new Map<string, Buffer>();

  private readonly extract: Extract = extract();
  private seen = 0;
  private keptBytes = 0;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly guarded: readonly GuardedEntry[],
    private readonly wants: (name: string, size: number) => boolean,
  ) {
    this.extract.on('entry', (header, stream, next) => {
      // Destroying the parser emits the error on the current entry as well; without a listener the process ends.
      stream.on('error', () => undefined);
      this.takeEntry(header, stream, next);
    });
    this.extract.on('error', (error: Error) => this.fail(error));
    this.extract.on('drain', () => this.wake?.());
    this.extract.on('finish', () => this.wake?.());
  }

  /** Gives the parser the next bytes and waits until it wants more. */
  async write(chunk: Buffer): Promise<void> {
    await this.until((done) => {
      if (this.extract.write(chunk)) {
        done();
      }
    });
  }

  /** Waits until the parser has seen everything. Throws {@link ArchiveRejected} when it saw other entries than the guard. */
  async end(): Promise<void> {
    await this.until(() => this.extract.end(null));
    if (this.seen !== this.guarded.length) {
      throw ambiguous();
    }
  }

  destroy(): void {
    this.extract.destroy();
  }

  private takeEntry(header: Header, stream: EntryStream, next: () => void): void {
    const entry = this.guarded[this.seen];
    this.seen += 1;
    if (entry === undefined || !agrees(header, entry)) {
      this.fail(ambiguous());
      return;
    }
    if (entry.type === 'file' && this.wants(entry.name, entry.size)) {
      this.keep(entry.name, stream);
    }
    stream.on('end', next);
    stream.resume();
  }

  private keep(name: string, stream: EntryStream): void {
    const chunks: Buffer[] = [];
    let left = MAX_CONTENT_BYTES;
    stream.on('data', (chunk) => {
      const kept = (chunk as Buffer).subarray(0, Math.min(left, MAX_TOTAL_CONTENT_BYTES - this.keptBytes));
      left -= kept.length;
      this.keptBytes += kept.length;
      chunks.push(Buffer.from(kept));
    });
    stream.on('end', () => this.contents.set(name, Buffer.concat(chunks)));
  }

  private async until(start: (done: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (this.failure !== undefined) {
        resolve();
      } else {
        start(resolve);
      }
    });
    if (this.failure !== undefined) {
      throw this.failure;
    }
  }

  private fail(error: Error): void {
    this.failure ??=
      error instanceof ArchiveRejected
        ? error
        : new ArchiveRejected('the tar is damaged; pack it again', {}, { cause: error });
    this.wake?.();
  }
}

function agrees(header: Header, entry: GuardedEntry): boolean {
  const type = header.type === 'directory' ? 'directory' : header.type === 'file' ? 'file' : undefined;
  return type === entry.type && header.name === entry.storedName && header.size === entry.size;
}

function ambiguous(): ArchiveRejected {
  return new ArchiveRejected('the tar can be read in two ways; pack it again with plain "tar -czf"');
}
