import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import { Sha256Hash } from '../kernel/sha256.js';
import type { ObjectBody } from './object-store.js';
import { ArtifactDamaged } from './storage.errors.js';

/** Passes bytes on while it hashes them, one piece behind: the last one only when the digest is right. */
class VerifiedStream extends Transform {
  private readonly hash = new Sha256Hash();
  private held: Buffer | undefined;
  private bytes = 0;

  constructor(
    private readonly size: number,
    private readonly digest: string,
  ) {
    super();
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (piece.length === 0) return done();
    this.hash.update(piece);
    this.bytes += piece.length;
    const { held } = this;
    this.held = piece;
    done(null, held);
  }

  override _flush(done: TransformCallback): void {
    const digest = this.hash.hex();
    if (this.bytes === this.size && digest === this.digest) return done(null, this.held);
    const cause = new Error(
      `Expected ${this.size} bytes of SHA-256 ${this.digest}, got ${this.bytes} of ${digest}`,
    );
    done(new ArtifactDamaged({ cause }));
  }
}

/**
 * The bytes of a whole object, for a client that was told their number. Bytes with another SHA-256 than `digest`
 * (hex) never arrive completely: the last piece is held back, and the stream is destroyed with
 * {@link ArtifactDamaged}. A part of an object cannot be verified by the digest of the whole; it is sent as the
 * store gives it, and whoever asked for it compares the digest when all parts are there.
 */
export function verifiedStream(body: ObjectBody, digest: string): Readable {
  if (body.start !== 0 || body.length !== body.size) throw new Error('Only a whole object can be verified');
  return pipeline(body.stream, new VerifiedStream(body.size, digest), () => undefined);
}
