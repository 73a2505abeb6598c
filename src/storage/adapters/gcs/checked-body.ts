import { CRC32C } from '@google-cloud/storage';
import { createHash } from 'node:crypto';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import { sortedError } from './gcs.errors.js';

/** A checksum that the service has of an object, to be compared with the bytes that came. */
export interface Checksum {
  update(bytes: Buffer): void;
  /** Once, after the last bytes. */
  matches(): boolean;
}

/** The checksum in `x-goog-hash`: MD5 where there is one, CRC32C for objects that were composed of others. */
export function checksumOf(headers: Headers): Checksum | undefined {
  const pairs = (headers.get('x-goog-hash') ?? '').split(/,\s*/).map((pair) => pair.split(/=(.*)/s));
  const { md5, crc32c } = Object.fromEntries(pairs) as { md5?: string; crc32c?: string };
  if (md5 !== undefined) {
    const hash = createHash('md5');
    return { update: (bytes) => void hash.update(bytes), matches: () => hash.digest('base64') === md5 };
  }
  if (crc32c === undefined) return undefined;
  const hash = new CRC32C();
  return { update: (bytes) => hash.update(bytes), matches: () => hash.validate(crc32c) };
}

/**
 * Exactly `length` bytes of `source`, with the checksum that the service named. Fails with `ObjectStoreUnavailable`
 * when others come, or fewer, or none for `idleMs` although somebody waits for them.
 */
export class CheckedBody extends Transform {
  private missing: number;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly source: Readable,
    length: number,
    private readonly checksum: Checksum | undefined,
    idleMs: number,
  ) {
    super();
    this.missing = length;
    this.timer = setTimeout(() => this.failUnlessReaderIsSlow(), idleMs);
    source.on('error', (error) => this.destroy(sortedError(error, 'get')));
    source.once('close', () => {
      if (!source.readableEnded) this.destroy(damaged('the connection was closed'));
    });
    source.pipe(this);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.timer.refresh();
    this.missing -= chunk.length;
    if (this.missing < 0) return done(damaged('more bytes came than were announced'));
    this.checksum?.update(chunk);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    clearTimeout(this.timer);
    if (this.missing > 0) return done(damaged('fewer bytes came than were announced'));
    if (this.checksum?.matches() === false) return done(damaged('the checksum does not match'));
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.timer);
    this.source.destroy();
    done(error);
  }

  private failUnlessReaderIsSlow(): void {
    if (this.writableNeedDrain) this.timer.refresh();
    else this.destroy(damaged('nothing came'));
  }
}

function damaged(how: string): ObjectStoreUnavailable {
  return new ObjectStoreUnavailable(`get: ${how}`);
}
