import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../kernel/sha256.js';
import { SourceReader } from './source-reader.js';

const SIZE = 1_500_000;

let directory: string;
let path: string;
let bytes: Buffer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'source-reader-'));
  path = join(directory, 'file');
  bytes = Buffer.from(Array.from({ length: SIZE }, (_, at) => at % 251));
  await writeFile(path, bytes);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the reader of a source file', () => {
  it('gives the file in parts, with the MD5 of each', async () => {
    const reader = await SourceReader.open({ path, size: SIZE });
    const found: Buffer[] = [];
    while (!reader.isAtEnd) {
      const part = await reader.next(Buffer.alloc(600_000), undefined);
      expect(part.md5.equals(createHash('md5').update(part.bytes).digest())).toBe(true);
      found.push(part.bytes);
    }
    expect(found.map(({ length }) => length)).toEqual([600_000, 600_000, 300_000]);
    expect(Buffer.concat(found).equals(bytes)).toBe(true);
    await reader.close();
  });

  it('knows the SHA-256 of the whole at the end', async () => {
    const reader = await SourceReader.open({ path, size: SIZE });
    while (!reader.isAtEnd) await reader.next(Buffer.alloc(600_000), undefined);
    await expect(reader.finish([sha256Hex(bytes), undefined])).resolves.toBeUndefined();
    await reader.close();
  });

  it('refuses a file of another SHA-256', async () => {
    const reader = await SourceReader.open({ path, size: SIZE });
    await reader.next(Buffer.alloc(SIZE), undefined);
    await expect(reader.finish([undefined, sha256Hex('other')])).rejects.toMatchObject({ reason: 'digest' });
    await reader.close();
  });

  it('refuses a file that has another size, or that is none', async () => {
    await expect(SourceReader.open({ path, size: SIZE - 1 })).rejects.toMatchObject({ reason: 'size' });
    await expect(SourceReader.open({ path: directory, size: 0 })).rejects.toMatchObject({ reason: 'size' });
  });

  it('refuses a file that grew or shrank while it was read', async () => {
    const grown = await SourceReader.open({ path, size: SIZE });
    await appendFile(path, 'more');
    await grown.next(Buffer.alloc(SIZE), undefined);
    await expect(grown.finish([])).rejects.toMatchObject({ reason: 'size' });
    await grown.close();
    await truncate(path, SIZE);
    const shrunk = await SourceReader.open({ path, size: SIZE });
    await truncate(path, 10);
    await expect(shrunk.next(Buffer.alloc(SIZE), undefined)).rejects.toMatchObject({ reason: 'size' });
    await shrunk.close();
  });

  it('stops in the middle of a part when it is told to', async () => {
    const reader = await SourceReader.open({ path, size: SIZE });
    const abort = new AbortController();
    const part = reader.next(Buffer.alloc(SIZE), abort.signal);
    abort.abort(new Error('enough'));
    await expect(part).rejects.toThrow('enough');
    await reader.close();
  });
});
