import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { ArchiveFiles, TEST_LIMITS } from '../../../test/support/archives/archive-files.js';
import { cpuMs } from '../../../test/support/cpu-time.js';
import { rejectionOf } from '../../../test/support/archives/rejection.js';
import {
  paxHeader,
  tarDirectory,
  tarEnd,
  tarFile,
  tarGz,
  tarHeader,
} from '../../../test/support/archives/tar-builder.js';
import type { ArchiveLimits } from './archive-limits.js';
import { readTarGz, type TarListing } from './tar-reader.js';

const files = new ArchiveFiles();
afterAll(() => files.remove());

const main = tarFile('main.tf', 'resource "x" "y" {}\n');

function read(archive: Buffer, limits: Partial<ArchiveLimits> = {}): Promise<TarListing> {
  return readTarGz(files.write(archive), { ...TEST_LIMITS, ...limits }, () => true);
}

const refusal = (archive: Buffer, limits: Partial<ArchiveLimits> = {}) => rejectionOf(read(archive, limits));

describe('the frame of the archive', () => {
  const tar = Buffer.concat([main, tarEnd()]);

  it.each([
    [
      'an entry after the end mark',
      gzipSync(Buffer.concat([tar, tarFile('evil.tf', 'x'), tarEnd()])),
      /after the end mark/,
    ],
    [
      'an entry after one zero block',
      tarGz([main, tarEnd(1), tarFile('evil.tf', 'x')]),
      /after the end mark/,
    ],
    ['bytes after the end mark', gzipSync(Buffer.concat([tar, Buffer.from('x')])), /before its end mark/],
    [
      'a block of bytes after the end mark',
      gzipSync(Buffer.concat([tar, Buffer.alloc(512, 1)])),
      /after the end mark/,
    ],
    [
      'a second gzip member',
      Buffer.concat([tarGz([main]), tarGz([tarFile('evil.tf', 'x')])]),
      /after the end of the compressed/,
    ],
    [
      'an empty second gzip member',
      Buffer.concat([tarGz([main]), gzipSync('')]),
      /after the end of the compressed/,
    ],
    [
      'trailing bytes',
      Buffer.concat([tarGz([main]), Buffer.from('junk')]),
      /after the end of the compressed|damaged/,
    ],
    ['trailing zeros', Buffer.concat([tarGz([main]), Buffer.alloc(512)]), /after the end of the compressed/],
    ['no end mark', tarGz([main], Buffer.alloc(0)), /before its end mark/],
    ['half an end mark', tarGz([main], tarEnd(1)), /before its end mark/],
    ['half a block', tarGz([main], Buffer.alloc(1024 + 100)), /before its end mark/],
    ['a file cut in the middle', gzipSync(main.subarray(0, 520)), /before its end mark/],
    ['8 bytes missing', tarGz([main]).subarray(0, -8), /cut off/],
    ['half of it missing', tarGz([main]).subarray(0, 60), /cut off/],
    ['a header alone', tarGz([main]).subarray(0, 10), /cut off/],
    ['1 MiB of zeros', gzipSync(Buffer.concat([tar, Buffer.alloc(1024 * 1024)])), /1 MiB of zeros/],
  ])('is refused: with %s (D10, 2b)', async (_case, archive, reason) => {
    expect(await refusal(archive)).toMatch(reason);
  });

  it.each([
    ['the CRC', -8],
    ['the size', -4],
    ['the header flags', 3],
    ['the compression method', 2],
  ])('is refused: with a bit flipped in %s (2b)', async (_case, at) => {
    const archive = tarGz([main]);
    const index = at < 0 ? archive.length + at : at;
    archive[index] = (archive[index] ?? 0) ^ 0x20;
    expect(await refusal(archive)).toMatch(/gzip/);
  });

  it.each([
    ['nothing', Buffer.alloc(0), /empty/],
    ['an empty gzip', gzipSync(''), /archive is empty/],
    ['an end mark alone', tarGz([]), /no files/],
    ['directories alone', tarGz([tarDirectory('a/')]), /no files/],
    ['a zip', Buffer.from('504b0304000000000000000000', 'hex'), /is a zip/],
    ['a tar without compression', gunzipSync(tarGz([main])), /without compression/],
    ['an xz file', Buffer.from('fd377a585a000004e6d6b446', 'hex'), /xz/],
    ['a bzip2 file', Buffer.from('425a68393141592653590000', 'hex'), /bzip2/],
    ['a zstd file', Buffer.from('28b52ffd0458000000000000', 'hex'), /zstd/],
    ['text', Buffer.from('resource "x" "y" {}'), /not gzip/],
    ['compressed text', gzipSync('resource "x" "y" {}\n'.repeat(40)), /not a tar/],
    [
      'a compressed zip',
      gzipSync(Buffer.concat([Buffer.from('504b0304', 'hex'), Buffer.alloc(600, 7)])),
      /not a tar/,
    ],
    ['an old tar without magic', tarGz([tarFile('main.tf', 'x', { magic: '' })]), /format/],
    [
      'a star archive',
      tarGz([tarFile('main.tf', 'x', { patch: (block) => block.write('tar\0', 508) })]),
      /star/,
    ],
    ['a wrong header checksum', gzipSync(Buffer.concat([flip(main, 0), tarEnd()])), /not a tar/],
    [
      'a size that is no number',
      tarGz([tarFile('main.tf', 'x', { patch: (block) => block.write('9x', 124) })]),
      /damaged/,
    ],
    [
      'a size in binary',
      tarGz([tarFile('main.tf', 'x', { patch: (block) => block.fill(0x80, 124, 125) })]),
      /damaged/,
    ],
    [
      'a negative size',
      tarGz([tarFile('main.tf', 'x', { patch: (block) => block.fill(0xff, 124, 136) })]),
      /damaged/,
    ],
  ])('is refused: %s (D11)', async (_case, archive, reason) => {
    expect(await refusal(archive)).toMatch(reason);
  });
});

describe('the cost of an archive', () => {
  it('is limited by its packed size', async () => {
    expect(await refusal(tarGz([main]), { maxPackedBytes: 50 })).toMatch(/larger than 50 bytes/);
  });

  it('is limited by what the files hold, to the byte (D4)', async () => {
    const archive = tarGz([tarFile('a.tf', Buffer.alloc(600)), tarFile('b.tf', Buffer.alloc(400))]);
    expect((await read(archive, { maxUnpackedBytes: 1_000 })).unpackedBytes).toBe(1_000);
    expect(await refusal(archive, { maxUnpackedBytes: 999 })).toMatch(/unpacks to more than 999 bytes/);
  });

  it('is limited before anything is read, when a header lies about 8 GiB', async () => {
    const lying = tarGz([tarHeader({ name: 'a.tf', size: 8 * 1024 ** 3 - 1 })]);
    expect(await refusal(lying)).toMatch(/unpacks to more than 100 MiB/);
  });

  it('is limited by the number of entries, directories and headers included (D5)', async () => {
    const parts = [paxHeader({ comment: 'x' }), tarDirectory('d/'), tarFile('d/a.tf', 'x')];
    expect((await read(tarGz(parts), { maxEntries: 3 })).entries).toHaveLength(2);
    expect(await refusal(tarGz(parts), { maxEntries: 2 })).toMatch(/more than 2 entries/);
  });

  it('is limited for more than 100,000 empty entries, in a few seconds of CPU (D5)', async () => {
    const block = tarHeader({ name: 'f' });
    const names = Array.from({ length: 110_000 }, (_, index) =>
      tarHeader({ name: `d${index % 7}/f${index}` }),
    );
    const archive = gzipSync(Buffer.concat([block, ...names]), { level: 1 });
    const ms = await cpuMs(async () => {
      expect(await refusal(archive, { maxEntries: 100_000, maxRatio: 100_000 })).toMatch(
        /more than 100000 entries/,
      );
    });
    expect(ms).toBeLessThan(5_000);
  });

  it('is limited by its ratio, in under 2 s of CPU and 64 MB for a bomb of gigabytes (D4)', async () => {
    const gib = Buffer.concat([tarHeader({ name: 'a.tf', size: 1024 ** 3 }), Buffer.alloc(64 * 1024 * 1024)]);
    const bomb = gzipSync(gib);
    const before = process.memoryUsage().rss;
    const ms = await cpuMs(async () => {
      expect(await refusal(bomb, { maxUnpackedBytes: 10 * 1024 ** 3 })).toMatch(/more than 200 times/);
    });
    expect(ms).toBeLessThan(2_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('is limited in time', async () => {
    expect(await refusal(tarGz([main]), { timeoutMs: -1 })).toMatch(/takes longer/);
  });

  it('says nothing about a file that is not there, which is no fault of the archive', async () => {
    await expect(readTarGz(`${files.directory}/missing`, TEST_LIMITS, () => false)).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
