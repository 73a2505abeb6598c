import { readdirSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ArchiveFiles, TEST_LIMITS } from '../../../test/support/archives/archive-files.js';
import {
  gnuLongName,
  paxHeader,
  tarDirectory,
  tarFile,
  tarGz,
} from '../../../test/support/archives/tar-builder.js';
import { buildZip, dataDescriptor } from '../../../test/support/archives/zip-builder.js';
import { ArchiveRejected } from './archives.errors.js';
import { readTarGz } from './tar-reader.js';
import { readZip } from './zip-reader.js';

const files = new ArchiveFiles();
afterAll(() => files.remove());

const long = `${'folder/'.repeat(18)}main.tf`;
const tar = tarGz([
  tarDirectory('sub/'),
  tarFile('sub/main.tf', 'resource "x" "y" {}\n'.repeat(40)),
  paxHeader({ path: 'fünf.tf', comment: 'c' }),
  tarFile('f?nf.tf', 'a'),
  gnuLongName(long),
  tarFile(long.slice(0, 100), 'b'.repeat(600), { magic: 'ustar  \0' }),
]);

/** Without extended headers, whose content no checksum inside the tar protects. */
const plainTar = tarGz([
  tarDirectory('sub/'),
  tarFile('sub/main.tf', 'resource "x" "y" {}\n'.repeat(40)),
  tarFile('x.tf', 'b'.repeat(600), { magic: 'ustar  \0' }),
  tarFile('main.tf', '', { prefix: 'a/b' }),
]);

const streamed = { flags: 8, local: { crc32: 0, packedSize: 0, size: 0 } };
const zip = buildZip([
  { name: 'terraform-provider-x_v1.0.0', content: 'binary'.repeat(50), mode: 0o100755 },
  { name: 'README.md', content: 'hello '.repeat(9), ...streamed, after: dataDescriptor('hello '.repeat(9)) },
  { name: 'LICENSE', content: 'free', method: 0 },
]);

/** What is listed, or undefined when the archive is refused as it should be. Everything else is a crash. */
async function unlessRejected<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: unknown) => {
    expect(error).toBeInstanceOf(ArchiveRejected);
    return undefined;
  });
}

const listTar = (archive: Buffer) =>
  unlessRejected(readTarGz(files.write(archive), TEST_LIMITS, () => true).then(({ entries }) => entries));

const listZip = (archive: Buffer) =>
  unlessRejected(
    readZip(files.write(archive), TEST_LIMITS).then(({ entries, h1 }) => ({
      h1,
      files: entries.map(({ name, size, digest }) => ({ name, size, digest })),
    })),
  );

const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 });

function flipped(bytes: Buffer, changes: readonly (readonly [number, number])[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, mask] of changes) {
    copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ mask;
  }
  return copy;
}

describe('an archive with random bytes changed', () => {
  it('is refused or has the same listing: gzip-compressed tar', async () => {
    const original = await listTar(tar);
    expect(original).toHaveLength(4);
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        expect([undefined, original]).toContainEqual(await listTar(flipped(tar, changes)));
      }),
      { numRuns: 400 },
    );
  });

  it('is refused or has the same listing: the tar inside', async () => {
    const original = await listTar(plainTar);
    expect(original).toHaveLength(4);
    const plain = gunzipSync(plainTar);
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const listing = await listTar(gzipSync(flipped(plain, changes), { level: 1 }));
        accepted += listing === undefined ? 0 : 1;
        expect([undefined, original]).toContainEqual(listing);
      }),
      { numRuns: 600 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it('is refused or has the same files and h1: zip', async () => {
    const original = await listZip(zip);
    expect(original?.files).toHaveLength(3);
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const listing = await listZip(flipped(zip, changes));
        accepted += listing === undefined ? 0 : 1;
        expect([undefined, original]).toContainEqual(listing);
      }),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it('is refused wherever it is cut', async () => {
    for (let length = 0; length < zip.length; length += 7) {
      expect(await listZip(zip.subarray(0, length))).toBeUndefined();
    }
    for (let length = 0; length < tar.length; length += 5) {
      expect(await listTar(tar.subarray(0, length))).toBeUndefined();
    }
  });

  it('is refused when it is noise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (noise) => {
        expect(await listTar(Buffer.from(noise))).toBeUndefined();
        expect(await listTar(gzipSync(noise))).toBeUndefined();
        expect(await listZip(Buffer.from(noise))).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it('leaves no file open when it is refused', async ({ skip }) => {
    const openFiles = () => readdirSync('/proc/self/fd').length;
    if (process.platform !== 'linux') {
      skip('open files can be counted only on Linux');
    }
    const before = openFiles();
    for (let round = 0; round < 60; round += 1) {
      await listZip(flipped(zip, [[40 + round, 1]]));
      await listTar(flipped(tar, [[20 + round, 1]]));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(openFiles()).toBeLessThan(before + 10);
  });
});
