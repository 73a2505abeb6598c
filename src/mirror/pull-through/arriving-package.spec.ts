import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArrivingPackage } from './arriving-package.js';

const HELD_BACK = 1_000;

describe('A package that arrives', () => {
  let folder: string;
  let arriving: ArrivingPackage;
  let length: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'arriving-'));
    arriving = new ArrivingPackage(join(folder, 'package.zip'), HELD_BACK);
    length = 0;
    await writeFile(arriving.path, '');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const arrive = async (bytes: Buffer): Promise<void> => {
    await appendFile(arriving.path, bytes);
    length += bytes.length;
    arriving.advance(length);
  };

  /** What a reader has got so far; it never waits for more. */
  const follow = (stream: Readable): { bytes: () => Buffer; ended: Promise<'complete' | Error> } => {
    const got: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => got.push(chunk));
    const ended = new Promise<'complete' | Error>((resolve) => {
      stream.on('end', () => resolve('complete'));
      stream.on('error', resolve);
    });
    return { bytes: () => Buffer.concat(got), ended };
  };
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  };

  it('is handed out while it comes, but for its end', async () => {
    const content = randomBytes(300_000);
    const reader = follow(arriving.read());
    await arrive(content.subarray(0, 200_000));
    await expect.poll(() => reader.bytes().length).toBe(200_000 - HELD_BACK);
    await arrive(content.subarray(200_000));
    await settled();
    expect(reader.bytes().length).toBe(content.length - HELD_BACK);
    arriving.complete(content.length);
    expect(await reader.ended).toBe('complete');
    expect(reader.bytes().equals(content)).toBe(true);
  });

  it('reaches every reader whole, whenever they begin', async () => {
    const content = randomBytes(150_000);
    const early = Array.from({ length: 20 }, () => buffer(arriving.read()));
    await arrive(content.subarray(0, 70_000));
    const later = Array.from({ length: 20 }, () => buffer(arriving.read()));
    await arrive(content.subarray(70_000));
    arriving.complete(content.length);
    const last = buffer(arriving.read());
    for (const got of await Promise.all([...early, ...later, last])) expect(got.equals(content)).toBe(true);
  });

  it('gives nothing of a small package before it is verified', async () => {
    const reader = follow(arriving.read());
    await arrive(randomBytes(HELD_BACK));
    await settled();
    expect(reader.bytes().length).toBe(0);
    arriving.fail(new Error('wrong digest'));
    expect(await reader.ended).toEqual(new Error('wrong digest'));
  });

  it('never arrives complete when the verification fails', async () => {
    const reader = follow(arriving.read());
    await arrive(randomBytes(100_000));
    arriving.fail(new Error('wrong digest'));
    expect(await reader.ended).toEqual(new Error('wrong digest'));
    expect(reader.bytes().length).toBeLessThanOrEqual(100_000 - HELD_BACK);
    arriving.complete(100_000);
    await expect(buffer(arriving.read())).rejects.toThrow('wrong digest');
  });

  it('ends for those who have some of it when the download begins again, and not for the others', async () => {
    const reader = follow(arriving.read());
    await arrive(randomBytes(50_000));
    await expect.poll(() => reader.bytes().length).toBe(50_000 - HELD_BACK);
    const waiting = buffer(arriving.read());
    arriving.restart();
    await writeFile(arriving.path, '');
    length = 0;
    expect(await reader.ended).toBeInstanceOf(Error);
    const content = randomBytes(60_000);
    const later = buffer(arriving.read());
    await arrive(content);
    arriving.complete(content.length);
    expect((await later).equals(content)).toBe(true);
    await waiting.then(
      (got) => expect(got.equals(content)).toBe(true),
      (error: Error) => expect(error.message).toContain('again'),
    );
  });

  it('is needed until the last reader is through, also one that goes away', async () => {
    const content = randomBytes(400_000);
    const whole = buffer(arriving.read());
    const leaving = arriving.read();
    leaving.once('data', () => leaving.destroy());
    await arrive(content.subarray(0, 100_000));
    let isDrained = false;
    const drained = arriving.drained().then(() => (isDrained = true));
    await settled();
    expect(isDrained).toBe(false);
    await arrive(content.subarray(100_000));
    arriving.complete(content.length);
    expect((await whole).equals(content)).toBe(true);
    await drained;
  });
});
