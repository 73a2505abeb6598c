import { Readable } from 'node:stream';
import { DomainError } from '../kernel/errors.js';
import type { ObjectBody } from './object-store.js';
import { ObjectStoreUnavailable } from './object-store.errors.js';

/** So many bytes without a failure make up for the failures before. */
const PROGRESS_BYTES = 256 * 1024;
const READ_AHEAD_BYTES = 256 * 1024;

/** What a {@link ResumingStream} needs from the store that it reads from. */
export interface ResumeOptions {
  /** Driver and operation, for the log. */
  readonly attempt: string;
  /** Most failures in a row without progress, the last of which ends the stream. */
  readonly maxAttempts: number;
  /** Longest wait for the next bytes, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Opens the rest of the part again, from this byte of the object on. One attempt. */
  readonly open: (start: number) => Promise<ObjectBody>;
  /** Waits before that. */
  readonly pause: (failures: number, signal: AbortSignal) => Promise<void>;
  /** Told how many bytes have come. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * The bytes of an open object, or of a part of it. When they break off, come to an end too early or do not come for
 * too long, the rest is opened again from the next byte: objects never change, so the bytes are the same. Ends only
 * after exactly the bytes that the body announced; otherwise it is destroyed with the error.
 */
export class ResumingStream extends Readable {
  private readonly end: number;
  private readonly closing = new AbortController();
  private source: Readable | undefined;
  private position: number;
  private isWanted = false;
  private failures = 0;
  private failedAt: number;
  private clock: NodeJS.Timeout | undefined;

  constructor(
    body: ObjectBody,
    private readonly options: ResumeOptions,
  ) {
    super({ highWaterMark: READ_AHEAD_BYTES });
    this.position = body.start;
    this.failedAt = body.start;
    this.end = body.start + body.length;
    this.follow(body.stream);
  }

  override _read(): void {
    this.isWanted = true;
    this.demand();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.closing.abort();
    this.leaveSource();
    done(error);
  }

  /** Listens as long as the stream is the source; one that was left may still fail, and nobody minds. */
  private follow(stream: Readable): void {
    const ifCurrent =
      <Given extends unknown[]>(listener: (...given: Given) => void) =>
      (...given: Given): void => {
        if (this.source === stream) listener(...given);
      };
    this.source = stream;
    stream.pause();
    stream.on(
      'data',
      ifCurrent((bytes: Buffer) => this.receive(bytes)),
    );
    stream.on(
      'end',
      ifCurrent(() => this.finish()),
    );
    stream.on(
      'error',
      ifCurrent((error: Error) => this.breakOff(error)),
    );
    stream.on(
      'close',
      ifCurrent(() => this.breakOff(new Error('The stream was closed early'))),
    );
    if (this.isWanted) this.demand();
  }

  private demand(): void {
    const { source } = this;
    if (!source) return;
    const { idleTimeoutMs } = this.options;
    this.clock ??= setTimeout(() => {
      this.breakOff(new Error(`No bytes for ${idleTimeoutMs} ms`));
    }, idleTimeoutMs);
    source.resume();
  }

  private receive(bytes: Buffer): void {
    this.position += bytes.length;
    this.options.onBytes(bytes.length);
    if (this.position > this.end) {
      return void this.destroy(this.unavailable(new Error('The store sent more bytes than it announced')));
    }
    if (this.position - this.failedAt >= PROGRESS_BYTES) this.failures = 0;
    if (this.push(bytes)) return void this.clock?.refresh();
    this.isWanted = false;
    this.stopClock();
    this.source?.pause();
  }

  private finish(): void {
    if (this.position < this.end) {
      return this.breakOff(new Error(`The stream ended ${this.end - this.position} bytes early`));
    }
    this.source = undefined;
    this.stopClock();
    this.push(null);
  }

  /** What fails after the last byte (a checksum of the SDK, for one) is not about bytes that could come again. */
  private breakOff(error: Error): void {
    this.leaveSource();
    if (this.position === this.end) return void this.destroy(this.unavailable(error));
    void this.resumeReading(error);
  }

  private async resumeReading(error: Error): Promise<void> {
    let reason = error;
    this.failedAt = this.position;
    while (++this.failures < this.options.maxAttempts) {
      try {
        await this.options.pause(this.failures, this.closing.signal);
        const { stream } = await this.options.open(this.position);
        if (!this.destroyed) return this.follow(stream);
        return void stream.on('error', () => undefined).destroy();
      } catch (failure) {
        if (this.destroyed) return;
        if (!(failure instanceof ObjectStoreUnavailable)) return void this.destroy(failure as Error);
        reason = failure;
      }
    }
    this.destroy(this.unavailable(reason));
  }

  private leaveSource(): void {
    const { source } = this;
    this.source = undefined;
    this.stopClock();
    source?.destroy();
  }

  private stopClock(): void {
    clearTimeout(this.clock);
    this.clock = undefined;
  }

  private unavailable(reason: Error): Error {
    if (reason instanceof DomainError) return reason;
    return new ObjectStoreUnavailable(this.options.attempt, { cause: reason });
  }
}
