import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { ArchiveFiles, TEST_LIMITS } from '../../../test/support/archives/archive-files.js';
import { cpuMs } from '../../../test/support/cpu-time.js';
import { rejectionOf } from '../../../test/support/archives/rejection.js';
import {
  buildZip,
  dataDescriptor,
  extraField,
  uint16,
  uint32,
  uint64,
  type ZipFileOptions,
  type ZipFrameOptions,
} from '../../../test/support/archives/zip-builder.js';
import type { ArchiveLimits } from './archive-limits.js';
import { readZip, type ZipListing } from './zip-reader.js';

const files = new ArchiveFiles();
afterAll(() => files.remove());

const binary: ZipFileOptions = {
  name: 'terraform-provider-x_v1.0.0',
  content: 'binary'.repeat(50),
  mode: 0o100755,
};
const license: ZipFileOptions = { name: 'LICENSE', content: 'free', method: 0 };

function read(archive: Buffer, limits: Partial<ArchiveLimits> = {}): Promise<ZipListing> {
  return readZip(files.write(archive), { ...TEST_LIMITS, ...limits });
}

const refusal = (archive: Buffer, limits: Partial<ArchiveLimits> = {}) => rejectionOf(read(archive, limits));

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
const refuse = (file: Partial<ZipFileOptions>) => refusal(buildZip([license, { ...binary, ...file }]));

describe('a zip that keeps the rules', () => {
  it('is listed with digests, modes and the h1 of the package (checklist 89, 90)', async () => {
    const listing = await read(buildZip([binary, license]));
    expect(listing.entries).toEqual([
      { name: binary.name, size: 300, mode: 0o100755, digest: sha256('binary'.repeat(50)) },
      { name: 'LICENSE', size: 4, mode: 0o100644, digest: sha256('free') },
    ]);
    const lines = `${sha256('free')}  LICENSE\n${sha256('binary'.repeat(50))}  terraform-provider-x_v1.0.0\n`;
    expect(listing.h1).toBe(`h1:${createHash('sha256').update(lines).digest('base64')}`);
    expect(listing.unpackedBytes).toBe(304);
  });

  it('has the same h1 in whatever order and compression its files are', async () => {
    const other = await read(buildZip([license, { ...binary, method: 0 }]));
    expect(other.h1).toBe((await read(buildZip([binary, license]))).h1);
  });

  it('may hold empty files and folders without entries of their own', async () => {
    const listing = await read(
      buildZip([
        { name: 'docs/empty', method: 0 },
        { name: 'docs/also', content: '' },
      ]),
    );
    expect(listing.entries.map(({ size }) => size)).toEqual([0, 0]);
  });

  it.each([
    ['signed', dataDescriptor('abc')],
    ['without signature', dataDescriptor('abc', { signature: false })],
    ['in 64 bits', dataDescriptor('abc', { long: true })],
    ['in 64 bits without signature', dataDescriptor('abc', { long: true, signature: false })],
  ])('may have a data descriptor %s after the data, as stream writers do', async (_case, after) => {
    const local = { crc32: 0, packedSize: 0, size: 0 };
    const streamed = { name: 'a', content: 'abc', flags: 8, local, after };
    expect((await read(buildZip([streamed, license, { ...streamed, name: 'b' }]))).entries).toHaveLength(3);
  });

  it('may have a comment, timestamps, UTF-8 names and 64-bit records that agree', async () => {
    const times = extraField(0x5455, Buffer.from([1, 0, 0, 0, 0]));
    const named = {
      ...license,
      name: 'fünf',
      flags: 0x800,
      local: { extra: times },
      central: { extra: times },
    };
    const zip64 = extraField(1, Buffer.concat([uint64(4), uint64(4)]));
    const long = { ...license, local: { packedSize: 0xffffffff, size: 0xffffffff, extra: zip64 } };
    const archive = buildZip([named, long], { comment: Buffer.from('hello'), zip64: {} });
    expect((await read(archive)).entries.map((entry) => entry.name)).toEqual(['fünf', 'LICENSE']);
  });

  it('has no modes when it was made on Windows', async () => {
    const listing = await read(buildZip([{ ...binary, madeOn: 0, externalAttributes: 0x20 }]));
    expect(listing.entries[0]?.mode).toBe(0);
  });
});

describe('entries that a client must not get', () => {
  it.each([
    ['a directory', { name: 'docs/', content: '', method: 0 as const }, /zip -D/],
    ['a directory by its mode', { mode: 0o040755 }, /zip -D/],
    ['a directory by its DOS attribute', { externalAttributes: 0x10 }, /zip -D/],
    ['a symbolic link', { mode: 0o120777 }, /symbolic link/],
    ['a link that says it is from DOS', { mode: 0o120777, madeOn: 0 }, /symbolic link/],
    ['a device', { mode: 0o060644 }, /device/],
    ['a pipe', { mode: 0o010644 }, /device or a pipe/],
    ['a setuid file', { mode: 0o104755 }, /setuid/],
    ['a path to the parent', { name: '../x' }, /\.\./],
    ['an absolute path', { name: '/x' }, /absolute/],
    ['a drive', { name: 'C:x' }, /absolute/],
    ['a backslash', { name: 'a\\x' }, /backslash/],
    ['a dot folder', { name: './x' }, /"\."/],
    ['a control character', { name: 'a\x07' }, /control/],
    ['a NUL', { name: 'a\0b' }, /control/],
    ['a direction mark', { name: 'a\u202Eb', flags: 0x800 }, /direction/],
    ['a name that is not UTF-8', { name: Buffer.from([0x61, 0xff]), flags: 0x800 }, /not UTF-8/],
    ['a name in an unknown code page', { name: 'fünf' }, /not marked as UTF-8/],
    ['no name', { name: '' }, /no name/],
    ['a name of 256 bytes', { name: 'a'.repeat(256) }, /255/],
    ['encryption', { flags: 0x01 }, /encrypted/],
    ['strong encryption', { flags: 0x40 }, /damaged|unusual/],
    ['masked headers', { flags: 0x2000 }, /unusual/],
    ['patch data', { flags: 0x20 }, /unusual/],
    ['bzip2 compression', { local: { method: 12 }, central: { method: 12 } }, /unusual/],
    [
      'a second name',
      { central: { extra: extraField(0x7075, Buffer.from('\x01\0\0\0\0evil')) } },
      /second name/,
    ],
    [
      'a second name in the local header',
      { local: { extra: extraField(0x7075, Buffer.alloc(9)) } },
      /second name/,
    ],
    ['a comment of 64 KiB', { comment: 'c'.repeat(65_530) }, /too long a header/],
  ])('are refused: with %s (E5, checklist 89)', async (_case, file, reason) => {
    expect(await refuse(file)).toMatch(reason);
  });

  it.each([
    ['LICENSE', /twice/],
    ['license', /one name/],
    ['LICENSE/x', /at once/],
  ])('are refused: LICENSE and %s (E5)', async (name, reason) => {
    expect(await refuse({ name })).toMatch(reason);
  });
});

describe('a zip that can be read in two ways', () => {
  const frame = (options: ZipFrameOptions) => refusal(buildZip([binary, license], options));

  it.each([
    ['data before it', { prefix: Buffer.from('#!/bin/sh\n') }, /before its beginning/],
    [
      'data before it that offsets count',
      { prefix: Buffer.from('#!/bin/sh\n'), countsPrefix: true },
      /before the beginning/,
    ],
    ['data after it', { suffix: Buffer.from('x') }, /after the end/],
    ['zeros after it', { suffix: Buffer.alloc(100) }, /after the end/],
    ['a second end record after it', { suffix: buildZip([]).subarray(-22) }, /around its directory/],
    ['a second zip after it', { suffix: buildZip([license]) }, /directory/],
    ['an end record in its comment', { comment: buildZip([]) }, /directory|empty/],
    [
      'an end signature in its comment',
      { comment: Buffer.concat([uint32(0x06054b50), Buffer.alloc(40)]) },
      /after the end/,
    ],
    ['data before its directory', { beforeDirectory: Buffer.from('hidden') }, /does not end where the next/],
    ['data behind its directory', { beforeEnd: Buffer.from('hidden') }, /around its directory/],
    ['too small a count of entries', { end: { entries: 1 } }, /more entries than it says/],
    ['too large a count of entries', { end: { entries: 3 } }, /damaged/],
    ['two counts of entries', { end: { entries: 2, entriesOnDisk: 1 } }, /split/],
    ['another disk', { end: { disk: 1 } }, /split/],
    ['too small a directory', { end: { size: 50 } }, /around its directory/],
    ['a directory elsewhere', { end: { start: 0 } }, /around its directory/],
    ['64-bit marks without a 64-bit record', { end: { start: 0xffffffff } }, /contradict/],
    ['a 64-bit count that disagrees', { zip64: { entries: 1 }, end: { entries: 2 } }, /contradict/],
    ['a 64-bit count that lies', { zip64: { entries: 1 } }, /more entries than it says/],
    ['a 64-bit size that lies', { zip64: { size: 10 } }, /around its directory/],
    ['a 64-bit start that lies', { zip64: { start: 2 ** 52 } }, /around its directory/],
    ['a 64-bit start that disagrees', { zip64: {}, end: { start: 7 } }, /contradict/],
    ['a locator that points elsewhere', { zip64: { at: 0 } }, /contradict/],
  ])('is refused: with %s (E5)', async (_case, options, reason) => {
    expect(await frame(options)).toMatch(reason);
  });

  it.each([
    ['another name', { local: { name: 'terraform-provider-x_v6.6.6' } }],
    ['a shorter name', { local: { name: 'x' } }],
    ['another method', { local: { method: 0 } }],
    ['other flags', { local: { flags: 2 } }],
    ['another CRC', { local: { crc32: 1 } }],
    ['another packed size', { local: { packedSize: 1 } }],
    ['another size', { local: { size: 1 } }],
    ['zeros without a data descriptor', { local: { crc32: 0, packedSize: 0, size: 0 } }],
    ['a 64-bit size that is not announced', { local: { extra: extraField(1, Buffer.alloc(16)) } }],
    ['an announced 64-bit size that is missing', { local: { size: 0xffffffff } }],
    [
      'a 64-bit size that lies',
      { local: { size: 0xffffffff, extra: extraField(1, Buffer.concat([uint64(5), uint64(5)])) } },
    ],
  ])('is refused: with %s in the local header (E5)', async (_case, file) => {
    expect(await refuse(file)).toMatch(/contradict each other/);
  });

  it.each([
    ['a smaller size', { central: { size: 299 }, local: { size: 299 } }, /does not fit/],
    ['a larger size', { central: { size: 301 }, local: { size: 301 } }, /does not fit/],
    ['a wrong CRC', { central: { crc32: 7 }, local: { crc32: 7 } }, /does not fit/],
    ['a smaller packed size', { central: { packedSize: 3 }, local: { packedSize: 3 } }, /does not end where/],
    [
      'a larger packed size',
      { central: { packedSize: 99 }, local: { packedSize: 99 } },
      /does not end where/,
    ],
    [
      'a 64-bit size in the directory that nothing asks for',
      { central: { extra: extraField(1, uint64(300)) } },
      /contradictory/,
    ],
    ['a 64-bit size in the directory that is missing', { central: { size: 0xffffffff } }, /contradictory/],
    ['an offset beyond the end', { central: { offset: 5_000 } }, /lies outside|does not end|contradict/],
    ['an offset into another entry', { central: { offset: 1 } }, /contradict|does not end/],
    ['an offset of another entry', { central: { offset: 0 } }, /contradict|does not end/],
    ['another disk', { central: { disk: 1 } }, /split/],
    [
      'extra fields that end too late',
      { central: { extra: Buffer.concat([uint16(9), uint16(99)]) } },
      /damaged|malformed/,
    ],
    ['extra fields with a rest', { central: { extra: Buffer.from([1, 2, 3]) } }, /malformed/],
    [
      'an extra field twice',
      { local: { extra: Buffer.concat([extraField(9, Buffer.alloc(1)), extraField(9, Buffer.alloc(2))]) } },
      /malformed/,
    ],
    [
      'bytes after its deflate data',
      { packed: Buffer.concat([deflateRawSync('binary'.repeat(50)), Buffer.from('x')]) },
      /more data after/,
    ],
    [
      'deflate data that is cut off',
      { packed: deflateRawSync('binary'.repeat(50)).subarray(0, -2) },
      /cut off/,
    ],
    ['deflate data that is damaged', { packed: Buffer.alloc(20, 0xff) }, /damaged/],
    ['no deflate data', { packed: Buffer.alloc(0) }, /cut off/],
    ['hidden bytes after it', { after: Buffer.from('hidden bytes') }, /does not end where/],
    [
      'a data descriptor that is not announced',
      { after: dataDescriptor('binary'.repeat(50)) },
      /does not end where/,
    ],
    ['an announced data descriptor that is missing', { flags: 8 }, /does not end where/],
    ['a data descriptor that lies', { flags: 8, after: dataDescriptor('other') }, /does not end where/],
  ])('is refused: an entry with %s (E5)', async (_case, file, reason) => {
    expect(await refuse(file)).toMatch(reason);
  });

  it('is refused: an entry that the directory does not list, at the beginning, in the middle and at the end', async () => {
    const hidden = { name: 'hidden', content: 'x', isMissingFromDirectory: true };
    expect(await refusal(buildZip([hidden, binary, license]))).toMatch(/before the beginning/);
    expect(await refusal(buildZip([binary, hidden, license]))).toMatch(/does not end where/);
    expect(await refusal(buildZip([binary, license, hidden]))).toMatch(/does not end where/);
  });

  it('is refused: entries that overlap, which make a bomb of a small file', async () => {
    const archive = buildZip([binary, { ...license, central: { offset: 0 } }]);
    expect(await refusal(archive)).toMatch(/does not end where|contradict/);
  });

  it.each([
    ['nothing', Buffer.alloc(0), /not a zip/],
    ['text', Buffer.from('hello, I am no zip at all, not even close'), /not a zip/],
    ['a zip without entries', buildZip([]), /empty/],
    ['the first half of a zip', buildZip([binary, license]).subarray(0, 200), /not a zip/],
    ['a gzip file', Buffer.from('1f8b0800000000000003', 'hex'), /not a zip/],
  ])('is refused: %s', async (_case, archive, reason) => {
    expect(await refusal(archive)).toMatch(reason);
  });
});

describe('the cost of a zip', () => {
  it('is limited in every way (E5)', async () => {
    const archive = buildZip([binary, license]);
    expect(await refusal(archive, { maxPackedBytes: 100 })).toMatch(/larger than 100 bytes/);
    expect(await refusal(archive, { maxUnpackedBytes: 303 })).toMatch(/unpacks to more/);
    expect(await refusal(archive, { maxEntries: 1 })).toMatch(/more than 1 entries/);
    expect(await refusal(archive, { maxTotalHeaderBytes: 100 })).toMatch(/directory of the zip is larger/);
    expect(await refusal(archive, { timeoutMs: -1 })).toMatch(/takes longer/);
    expect((await read(archive, { maxUnpackedBytes: 304, maxEntries: 2 })).entries).toHaveLength(2);
  });

  it('is limited by its ratio, in under 2 s of CPU and 64 MB', async () => {
    const bomb = buildZip([{ ...binary, content: Buffer.alloc(64 * 1024 * 1024) }]);
    const before = process.memoryUsage().rss;
    const ms = await cpuMs(async () => {
      expect(await refusal(bomb)).toMatch(/more than 200 times/);
    });
    expect(ms).toBeLessThan(2_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });
});
