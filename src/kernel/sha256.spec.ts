import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { HashingStream, Sha256Hash, sha256Hex } from './sha256.js';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

describe('hashing with SHA-256', () => {
  it('gives the published digests of the empty text and of "abc"', () => {
    expect(sha256Hex('')).toBe(EMPTY);
    expect(sha256Hex('abc')).toBe(ABC);
    expect(sha256Hex(Buffer.from('abc'))).toBe(ABC);
  });

  it('does not depend on how the bytes are cut', () => {
    const hash = new Sha256Hash();
    hash.update(Buffer.from('a'));
    hash.update(Buffer.from('bc'));
    expect(hash.hex()).toBe(ABC);
  });

  it('hashes and counts what passes through a stream and changes nothing', async () => {
    const chunks = [Buffer.alloc(100_000, 1), Buffer.alloc(0), Buffer.alloc(3, 2)];
    const stream = new HashingStream();
    const passed: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => passed.push(chunk));
    await pipeline(Readable.from(chunks), stream);
    const whole = Buffer.concat(chunks);
    expect(Buffer.concat(passed).equals(whole)).toBe(true);
    expect(stream.size).toBe(100_003);
    expect(stream.digest).toBe(createHash('sha256').update(whole).digest('hex'));
  });

  it('refuses to name a digest before the stream has ended', () => {
    expect(() => new HashingStream().digest).toThrow(/after it has ended/);
  });
});
