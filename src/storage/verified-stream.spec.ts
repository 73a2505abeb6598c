import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ObjectBody } from './object-store.js';
import { verifiedStream } from './verified-stream.js';

const BYTES = randomBytes(300_000);
const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function bodyOf(bytes: Buffer, pieceBytes = 65_536, size = bytes.length): ObjectBody {
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, at) =>
    bytes.subarray(at * pieceBytes, (at + 1) * pieceBytes),
  );
  return { size, start: 0, length: size, stream: Readable.from(pieces, { objectMode: false }) };
}

/** How many bytes come out before the stream fails. */
async function delivered(stream: Readable): Promise<{ bytes: number; error: unknown }> {
  let bytes = 0;
  try {
    for await (const piece of stream) bytes += (piece as Buffer).length;
    return { bytes, error: undefined };
  } catch (error) {
    return { bytes, error };
  }
}

describe('a verified stream', () => {
  it.each([1, 65_536, 299_999, 300_000])(
    'gives all bytes when they are right, in pieces of %i',
    async (piece) => {
      const bytes = piece === 1 ? BYTES.subarray(0, 500) : BYTES;
      const stream = verifiedStream(bodyOf(bytes, piece), digestOf(bytes));
      expect((await buffer(stream)).equals(bytes)).toBe(true);
    },
  );

  it.each([0, 150_000, 299_999])('never gives all bytes when the one at %i is wrong', async (at) => {
    for (const piece of [1000, 65_536, 300_000]) {
      const wrong = Buffer.from(BYTES);
      wrong[at]! ^= 1;
      const { bytes, error } = await delivered(verifiedStream(bodyOf(wrong, piece), digestOf(BYTES)));
      expect(bytes).toBeLessThan(BYTES.length);
      expect(error).toMatchObject({ name: 'ArtifactDamaged', kind: 'unavailable' });
    }
  });

  it('holds something back although the last piece is empty', async () => {
    const body = { ...bodyOf(BYTES), stream: Readable.from([BYTES, Buffer.alloc(0)]) };
    const { bytes, error } = await delivered(verifiedStream(body, digestOf(Buffer.from('other'))));
    expect(bytes).toBe(0);
    expect(error).toMatchObject({ name: 'ArtifactDamaged' });
  });

  it('does not give fewer bytes than the object has, even if their digest is right', async () => {
    const { error } = await delivered(verifiedStream(bodyOf(BYTES, 65_536, 300_001), digestOf(BYTES)));
    expect(error).toMatchObject({ name: 'ArtifactDamaged' });
  });

  it('fails with what the store says when that breaks off', async () => {
    const stream = Readable.from(
      (async function* () {
        yield BYTES.subarray(0, 1000);
        throw new Error('reset');
      })(),
    );
    const { bytes, error } = await delivered(verifiedStream({ ...bodyOf(BYTES), stream }, digestOf(BYTES)));
    expect(bytes).toBe(0);
    expect(error).toMatchObject({ message: 'reset' });
  });

  it('closes the object when nobody reads any more', async () => {
    const body = bodyOf(BYTES, 1000);
    const stream = verifiedStream(body, digestOf(BYTES));
    const closed = new Promise((resolve) => body.stream.once('close', resolve));
    stream.once('data', () => stream.destroy());
    await closed;
    expect(body.stream.destroyed).toBe(true);
  });

  it('takes nothing but a whole object', () => {
    expect(() => verifiedStream({ ...bodyOf(BYTES), length: 10 }, digestOf(BYTES))).toThrow('whole object');
  });
});
