import { afterAll, describe, expect, it } from 'vitest';
import { ArchiveFiles, TEST_LIMITS } from '../../../test/support/archives/archive-files.js';
import { rejectionOf } from '../../../test/support/archives/rejection.js';
import {
  gnuLongName,
  paxHeader,
  paxRecord,
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

describe('a tar that keeps the rules', () => {
  it('is listed, with the content of what was wanted', async () => {
    const archive = tarGz([
      tarDirectory('modules/'),
      main,
      tarFile('modules/a.tf', 'abc'),
      tarFile('empty', ''),
    ]);
    const path = files.write(archive);
    const asked: [string, number][] = [];
    const listing = await readTarGz(path, TEST_LIMITS, (name, size) => {
      asked.push([name, size]);
      return name.endsWith('a.tf') || name === 'empty';
    });
    expect(listing).toEqual({
      entries: [
        { name: 'modules', type: 'directory', size: 0 },
        { name: 'main.tf', type: 'file', size: 20 },
        { name: 'modules/a.tf', type: 'file', size: 3 },
        { name: 'empty', type: 'file', size: 0 },
      ],
      contents: new Map([
        ['modules/a.tf', Buffer.from('abc')],
        ['empty', Buffer.alloc(0)],
      ]),
      unpackedBytes: 23,
    });
    expect(asked).toEqual([
      ['main.tf', 20],
      ['modules/a.tf', 3],
      ['empty', 0],
    ]);
  });

  it('may be packed from "." and has its names without it', async () => {
    const listing = await read(
      tarGz([tarDirectory('./'), tarFile('./main.tf', 'x'), tarDirectory('./sub/')]),
    );
    expect(listing.entries.map((entry) => entry.name)).toEqual(['main.tf', 'sub']);
  });

  it('may name long and non-ASCII files in PAX and GNU headers', async () => {
    const long = `${'d'.repeat(120)}/main.tf`;
    const listing = await read(
      tarGz([
        paxHeader({ path: 'fünf.tf', mtime: '1.5' }),
        tarFile('f?nf.tf', 'a'),
        gnuLongName(long),
        tarFile(long.slice(0, 100), 'b', { magic: 'ustar  \0' }),
        paxHeader({ path: `${long}2` }),
        tarFile('short', 'c'),
      ]),
    );
    expect(listing.entries.map((entry) => entry.name)).toEqual(['fünf.tf', long, `${long}2`]);
  });

  it('may have owners, odd modes and times to come, and padding after its end (D12)', async () => {
    const odd = tarFile('main.tf', 'x', {
      mode: 0o000,
      patch: (block) => block.write('77777777777\0', 136, 'latin1'),
    });
    expect((await read(tarGz([odd], tarEnd(20)))).entries).toHaveLength(1);
  });

  it('has the content of one file cut at 1 MiB and keeps at most 16 MiB', async () => {
    const big = Buffer.alloc(1024 * 1024 + 5, 'a');
    const listing = await read(tarGz(Array.from({ length: 18 }, (_, index) => tarFile(`f${index}`, big))), {
      maxRatio: 10_000,
    });
    expect(listing.contents.get('f0')).toHaveLength(1024 * 1024);
    expect([...listing.contents.values()].reduce((sum, content) => sum + content.length, 0)).toBe(
      16 * 1024 * 1024,
    );
    expect(listing.unpackedBytes).toBe(18 * big.length);
  });

  it('may say its name and comment in the gzip header', async () => {
    const plain = tarGz([main]);
    const header = Buffer.concat([plain.subarray(0, 3), Buffer.from([0x1c]), plain.subarray(4, 10)]);
    const extra = Buffer.from([4, 0, 1, 2, 3, 4]);
    const named = Buffer.concat([header, extra, Buffer.from('name.tar\0comment\0'), plain.subarray(10)]);
    expect((await read(named)).entries).toHaveLength(1);
  });
});

describe('names that leave the archive or trick a file system', () => {
  it.each([
    ['../main.tf', /\.\./],
    ['a/../../main.tf', /\.\./],
    ['a/..', /\.\./],
    ['..', /\.\./],
    ['/etc/passwd', /absolute/],
    ['//server/share/x', /absolute/],
    ['C:/x.tf', /absolute/],
    ['c:x.tf', /absolute/],
    ['a\\..\\x.tf', /backslash/],
    ['\\\\server\\x', /backslash/],
    ['a//b.tf', /empty/],
    ['a/./b.tf', /"\."/],
    ['a./b.tf', /dot or a space/],
    ['main.tf.', /dot or a space/],
    ['main.tf ', /dot or a space/],
    ['.git/config', /\.git folder/],
    ['sub/.GIT/HEAD', /\.git folder/],
    ['.git', /\.git folder/],
    ['GIT~1/config', /\.git folder/],
  ])('are refused: %j (D1, checklist 66)', async (name, reason) => {
    expect(await refusal(tarGz([main, tarFile(name, 'x')]))).toMatch(reason);
    expect(
      await refusal(tarGz([main, paxHeader({ path: `${'x'.repeat(101)}/../${name}` }), tarFile('a', 'x')])),
    ).toMatch(/entry/);
  });

  it('are not mistaken for those that only look like .git', async () => {
    const names = ['.gitignore', '.github/x.yml', 'git/x', 'a.git'];
    expect((await read(tarGz(names.map((name) => tarFile(name, 'x'))))).entries).toHaveLength(names.length);
  });

  it('are refused also when only a PAX header says them (2b)', async () => {
    expect(await refusal(tarGz([paxHeader({ path: '../../evil.tf' }), tarFile('main.tf', 'x')]))).toMatch(
      /main\.tf/,
    );
    const long = `../../${'e'.repeat(120)}.tf`;
    expect(await refusal(tarGz([paxHeader({ path: long }), tarFile('main.tf', 'x')]))).toMatch(
      /leaves the archive/,
    );
    expect(await refusal(tarGz([gnuLongName(long), tarFile(long.slice(0, 100), 'x')]))).toMatch(
      /leaves the archive/,
    );
  });

  it.each([
    ['a control character', Buffer.from('a\x01.tf'), /control/],
    ['an escape sequence', Buffer.from('a\x1b[31m.tf'), /control/],
    ['a line feed', Buffer.from('a\n.tf'), /control/],
    ['a C1 control', Buffer.from('a\u0085.tf'), /control/],
    ['a bidi override', Buffer.from('a\u202Eft.tf'), /direction/],
    ['a bidi isolate', Buffer.from('a\u2066ft.tf'), /direction/],
    ['bytes that are not UTF-8', Buffer.from([0x61, 0xff, 0x2e, 0x74, 0x66]), /not UTF-8/],
    ['an overlong encoding of /', Buffer.from([0x61, 0xc0, 0xaf, 0x62]), /not UTF-8/],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80]), /not UTF-8/],
    ['a NUL inside', Buffer.from('a\0b.tf'), /NUL/],
  ])('are refused: with %s (D9)', async (_case, name, reason) => {
    expect(await refusal(tarGz([main, tarFile(name, 'x')]))).toMatch(reason);
  });

  it('are refused: with a NUL in a PAX or GNU header (2b)', async () => {
    expect(await refusal(tarGz([paxHeader({ path: 'a\0b.tf' }), tarFile('a', 'x')]))).toMatch(/entry/);
    expect(await refusal(tarGz([gnuLongName(`${'a'.repeat(101)}\0b.tf`), tarFile('a', 'x')]))).toMatch(/NUL/);
  });

  it('are refused: longer than 255 bytes, empty (D9)', async () => {
    expect(await refusal(tarGz([paxHeader({ path: 'ä'.repeat(128) }), tarFile('a', 'x')]))).toMatch(/255/);
    expect(await refusal(tarGz([main, tarFile('', 'x')]))).toMatch(/no name/);
  });

  it('are shown with everything invisible escaped (D3)', async () => {
    expect(await refusal(tarGz([tarFile('a"\u202E\x1b.tf', 'x')]))).toContain('"a\\"\\u{202e}\\u{1b}.tf"');
  });
});

describe('entries that are not files or directories', () => {
  it.each([
    ['a hard link', '1', /hard link/],
    ['a symbolic link', '2', /symbolic link/],
    ['a character device', '3', /character device/],
    ['a block device', '4', /block device/],
    ['a named pipe', '6', /pipe/],
    ['a contiguous file', '7', /contiguous/],
    ['a sparse file', 'S', /sparse/],
    ['a volume label', 'V', /volume/],
    ['a continued file', 'M', /multi-volume/],
    ['an incremental directory', 'D', /incremental/],
    ['a Solaris ACL', 'A', /unknown type/],
    ['a Solaris PAX header', 'X', /unknown type/],
    ['an old GNU long name', 'N', /unknown type/],
    ['a socket-like unknown', '~', /unknown type/],
  ])('are refused: %s (D2, D3, checklist 66)', async (_case, type, reason) => {
    const message = await refusal(tarGz([main, tarHeader({ name: 'x', type, linkname: 'main.tf' })]));
    expect(message).toMatch(reason);
    expect(message).toContain('"x"');
  });

  it('are refused: a link with a long target', async () => {
    const parts = [gnuLongName('t'.repeat(200), 'K'), tarHeader({ name: 'x', type: '2' })];
    expect(await refusal(tarGz([main, ...parts]))).toMatch(/link/);
  });

  it('are refused: a chain of links through a directory', async () => {
    const chain = [
      tarHeader({ name: 'a', type: '2', linkname: '.' }),
      tarHeader({ name: 'a/b', type: '2', linkname: '..' }),
    ];
    expect(await refusal(tarGz([main, ...chain, tarFile('a/b/x.tf', 'x')]))).toMatch(/symbolic link/);
  });

  it.each([0o4755, 0o2755, 0o1777])('are refused: mode %o (D12)', async (mode) => {
    expect(await refusal(tarGz([tarFile('main.tf', 'x', { mode })]))).toMatch(/setuid/);
    expect(await refusal(tarGz([main, tarDirectory('d/', { mode })]))).toMatch(/setuid/);
  });
});

describe('names that meet', () => {
  it.each([
    ['the same name', 'main.tf', 'main.tf', /twice/],
    ['upper and lower case', 'main.tf', 'MAIN.tf', /one name/],
    ['composed and decomposed', '\u00e9.tf', 'e\u0301.tf', /one name/],
    ['the Kelvin sign', 'k.tf', '\u212A.tf', /one name/],
    ['sharp s', 'straße.tf', 'strasse.tf', /one name/],
    ['with and without ./', 'main.tf', './main.tf', /twice/],
    ['folders that differ in case', 'Sub/a.tf', 'sub/b.tf', /one name/],
    ['a file that is also a directory', 'a', 'a/b.tf', /at once/],
    ['a directory that is also a file', 'a/b.tf', 'a', /at once/],
    ['the same in another case', 'A', 'a/b.tf', /at once/],
  ])('are refused: %s (D7)', async (_case, first, second, reason) => {
    expect(await refusal(tarGz([tarFile(first, 'x'), tarFile(second, 'x')]))).toMatch(reason);
  });

  it('are refused: a directory entry twice, or with content, or a file with a slash', async () => {
    expect(await refusal(tarGz([main, tarDirectory('d/'), tarDirectory('d/')]))).toMatch(/twice/);
    expect(await refusal(tarGz([main, tarFile('d/', 'x', { type: '5' })]))).toMatch(/at once/);
    expect(await refusal(tarGz([main, tarFile('d/', 'x')]))).toMatch(/at once/);
    expect(await refusal(tarGz([main, tarFile('d', 'x'), tarDirectory('d/')]))).toMatch(/at once/);
  });

  it('are accepted: a directory before or after what is in it', async () => {
    expect(
      (await read(tarGz([tarFile('d/a.tf', 'x'), tarDirectory('d/'), tarFile('d/b.tf', 'x')]))).entries,
    ).toHaveLength(3);
  });
});

describe('extended headers', () => {
  it.each([
    ['another size', [paxHeader({ size: '1' }), tarFile('a.tf', 'xx')], /two different sizes/],
    ['a size that is no number', [paxHeader({ size: '0x2' }), tarFile('a.tf', 'xx')], /two different sizes/],
    [
      'another name that the header could hold',
      [paxHeader({ path: 'b.tf' }), tarFile('a.tf', 'x')],
      /as well/,
    ],
    ['another long name that the header could hold', [gnuLongName('b.tf'), tarFile('a.tf', 'x')], /as well/],
    ['a link target', [paxHeader({ linkpath: '/etc' }), tarFile('a.tf', 'x')], /link/],
    ['a sparse map', [paxHeader({ 'GNU.sparse.major': '1' }), tarFile('a.tf', 'x')], /sparse/],
    ['another character set', [paxHeader({ hdrcharset: 'ISO-8859-1' }), tarFile('a.tf', 'x')], /UTF-8/],
    ['a length that is wrong', [paxHeader(Buffer.from('99 path=a\n')), tarFile('a', 'x')], /malformed/],
    ['no line feed', [paxHeader(Buffer.from('9 path=abc')), tarFile('a', 'x')], /malformed/],
    ['no equals sign', [paxHeader(Buffer.from('8 patha\n')), tarFile('a', 'x')], /malformed/],
    ['no key', [paxHeader(Buffer.from('5 =a\n')), tarFile('a', 'x')], /malformed/],
    ['a length with a sign', [paxHeader(Buffer.from('+9 path=a\n')), tarFile('a', 'x')], /malformed/],
    ['an empty path', [paxHeader({ path: '' }), tarFile('a', 'x')], /malformed/],
    [
      'a record twice',
      [paxHeader(Buffer.concat([paxRecord('path', 'a'), paxRecord('path', 'b')])), tarFile('a', 'x')],
      /malformed/,
    ],
    [
      'trailing NULs',
      [paxHeader(Buffer.concat([paxRecord('path', 'a'), Buffer.alloc(8)])), tarFile('a', 'x')],
      /malformed/,
    ],
    ['nothing', [paxHeader(Buffer.alloc(0)), tarFile('a', 'x')], /empty/],
    [
      'a second PAX header',
      [paxHeader({ path: 'a' }), paxHeader({ path: 'a' }), tarFile('a', 'x')],
      /two PAX/,
    ],
    [
      'a PAX and a GNU name',
      [gnuLongName('b'.repeat(120)), paxHeader({ path: 'c'.repeat(120) }), tarFile('a', 'x')],
      /two long/,
    ],
    [
      'a second GNU name',
      [gnuLongName('b'.repeat(120)), gnuLongName('c'.repeat(120)), tarFile('a', 'x')],
      /two long/,
    ],
    ['no entry after it', [tarFile('a', 'x'), paxHeader({ path: 'b' })], /no entry/],
  ])('are refused: with %s (D8)', async (_case, parts, reason) => {
    expect(await refusal(tarGz(parts))).toMatch(reason);
  });

  it('are refused: global ones, which git archive writes (D8)', async () => {
    expect(await refusal(tarGz([paxHeader({ comment: 'abc' }, 'g'), main]))).toMatch(/git archive/);
  });

  it('are refused: 64 KiB in one, 1 MiB in all, also a comment of 32 MiB (D6)', async () => {
    const comment = (bytes: number) => paxHeader({ comment: 'c'.repeat(bytes) });
    expect((await read(tarGz([comment(60_000), main]))).entries).toHaveLength(1);
    expect(await refusal(tarGz([comment(66_000), main]))).toMatch(/too large/);
    expect(await refusal(tarGz([comment(32 * 1024 * 1024), main]))).toMatch(/too large/);
    const many = Array.from({ length: 20 }, (_, index) => [
      comment(60_000),
      tarFile(`f${index}`, 'x'),
    ]).flat();
    expect(await refusal(tarGz(many))).toMatch(/too large/);
  });
});
