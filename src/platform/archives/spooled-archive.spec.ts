import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArchiveFiles, TEST_LIMITS } from '../../../test/support/archives/archive-files.js';
import {
  paxHeader,
  tarDirectory,
  tarFile,
  tarGz,
  tarHeader,
} from '../../../test/support/archives/tar-builder.js';
import { buildZip } from '../../../test/support/archives/zip-builder.js';
import { ArchiveRejected } from './archives.errors.js';
import type { ArchiveLimits } from './archive-limits.js';
import { spoolTarGz, spoolZip, type SpooledArchive } from './spooled-archive.js';
import { packTarGz, type PackedTar } from './tar-packing.js';
import { readTarGz } from './tar-reader.js';

const archives = new ArchiveFiles();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spooled-'));
});
afterAll(() => {
  archives.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** What is spooled: the archive, and the contents by name. */
async function spooled(
  bytes: Buffer,
  spool = spoolTarGz,
  limits: Partial<ArchiveLimits> = {},
): Promise<SpooledArchive & { contents: Record<string, string> }> {
  const path = join(folder, 'contents');
  const file = await open(path, 'w+');
  try {
    const archive = await spool(archives.write(bytes), { ...TEST_LIMITS, ...limits }, file);
    const all = await readFile(path);
    const contents = archive.files.map(({ name, offset, size }) => [
      name,
      all.toString('latin1', offset, offset + size),
    ]);
    return { ...archive, contents: Object.fromEntries(contents) as Record<string, string> };
  } finally {
    await file.close();
  }
}

/** Packs files of these contents. */
async function packed(contents: Readonly<Record<string, Buffer>>): Promise<PackedTar & { path: string }> {
  const file = await open(join(folder, 'to-pack'), 'w+');
  const path = join(folder, 'packed.tar.gz');
  try {
    let offset = 0;
    const files = [];
    for (const [name, bytes] of Object.entries(contents)) {
      await file.appendFile(bytes);
      files.push({ name, offset, size: bytes.length, isExecutable: name.endsWith('.sh') });
      offset += bytes.length;
    }
    return { ...(await packTarGz(path, files, file)), path };
  } finally {
    await file.close();
  }
}

describe('a tar that is spooled', () => {
  it('gives files, links and the comment of git', async () => {
    const bytes = tarGz([
      paxHeader({ comment: 'c0ffee' }, 'g'),
      tarDirectory('top/'),
      tarFile('top/main.tf', 'one'),
      tarHeader({ name: 'top/link', type: '2', linkname: '../elsewhere' }),
      tarFile('./top/empty', ''),
      tarFile('top/run.sh', 'x'.repeat(1025), { mode: 0o775 }),
    ]);
    expect(await spooled(bytes)).toEqual({
      files: [
        { name: 'top/main.tf', offset: 0, size: 3, isExecutable: false },
        { name: 'top/empty', offset: 3, size: 0, isExecutable: false },
        { name: 'top/run.sh', offset: 3, size: 1025, isExecutable: true },
      ],
      links: [{ name: 'top/link', target: '../elsewhere' }],
      comment: 'c0ffee',
      contents: { 'top/main.tf': 'one', 'top/empty': '', 'top/run.sh': 'x'.repeat(1025) },
    });
  });

  it('gives where a link leads that is too long for its header', async () => {
    const target = `${'folder/'.repeat(20)}main.tf`;
    const link = { name: 'link', type: '2', linkname: target.slice(0, 100) };
    const bytes = tarGz([tarFile('main.tf', 'x'), paxHeader({ linkpath: target }), tarHeader(link)]);
    expect((await spooled(bytes)).links).toEqual([{ name: 'link', target }]);
  });

  it.each([
    [
      'that leads to two places',
      [paxHeader({ linkpath: 'b' }), tarHeader({ name: 'l', type: '2', linkname: 'a' })],
    ],
    ['that leads to nothing', [tarHeader({ name: 'l', type: '2' })]],
    ['with content', [tarFile('l', 'content', { type: '2', linkname: 'a' })]],
    ['with a control character', [tarHeader({ name: 'l', type: '2', linkname: 'a\u0001' })]],
    ['that is there twice', [1, 2].map(() => tarHeader({ name: 'l', type: '2', linkname: 'a' }))],
    ['that is hard', [tarHeader({ name: 'l', type: '1', linkname: 'main.tf' })]],
    ['with things behind it', [tarHeader({ name: 'l', type: '2', linkname: '/tmp' }), tarFile('l/x', 'x')]],
  ])('is refused for a link %s', async (_name, parts) => {
    await expect(spooled(tarGz([tarFile('main.tf', 'x'), ...parts]))).rejects.toBeInstanceOf(ArchiveRejected);
  });

  it('is refused for a global header that is not the first', async () => {
    const bytes = tarGz([tarFile('main.tf', 'x'), paxHeader({ comment: 'a' }, 'g'), tarFile('a.tf', 'x')]);
    await expect(spooled(bytes)).rejects.toThrow('a global PAX header');
  });

  it('may be as large as its limits and no larger', async () => {
    const bytes = tarGz([tarFile('a', 'x'.repeat(600)), tarFile('b', 'x'.repeat(400))]);
    const exact = { maxUnpackedBytes: 1000, maxEntries: 2, maxPackedBytes: bytes.length };
    expect((await spooled(bytes, spoolTarGz, exact)).files).toHaveLength(2);
    for (const [limit, most] of Object.entries(exact)) {
      await expect(spooled(bytes, spoolTarGz, { [limit]: most - 1 })).rejects.toBeInstanceOf(ArchiveRejected);
    }
  });

  it('ends when the work is ended', async () => {
    const file = await open(join(folder, 'ended'), 'w+');
    const path = archives.write(tarGz([tarFile('a', 'x')]));
    await expect(spoolTarGz(path, TEST_LIMITS, file, AbortSignal.abort(new Error('ended')))).rejects.toThrow(
      'ended',
    );
    await file.close();
  });
});

it('whatever is changed in a tar, what is spooled is what the reader of published tars sees, or it is refused', async () => {
  const honest = Buffer.concat([
    tarDirectory('sub/'),
    tarFile('sub/main.tf', 'one'.repeat(300)),
    paxHeader({ path: 'fünf.tf' }),
    tarFile('f?nf.tf', 'a'),
    tarHeader({ name: 'link', type: '2', linkname: 'sub/main.tf' }),
    tarFile('empty.tf', ''),
    Buffer.alloc(1024),
  ]);
  const readable = Buffer.concat([honest.subarray(0, -2048), honest.subarray(-1536)]);
  const change = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
  const tars = fc.tuple(fc.constantFrom(honest, readable), fc.array(change, { maxLength: 3 }), fc.boolean());
  await fc.assert(
    fc.asyncProperty(tars, async ([tar, changes, isSummed]) => {
      const changed = Buffer.from(tar);
      for (const [at, mask] of changes) changed[at % changed.length]! ^= mask;
      if (isSummed) summed(changed);
      const bytes = gzipSync(changed);
      const taken = await spooled(bytes).catch((error: unknown) => {
        expect(error).toBeInstanceOf(ArchiveRejected);
        return undefined;
      });
      const read = await readTarGz(archives.write(bytes), TEST_LIMITS, () => true).catch(() => undefined);
      if (read === undefined) return;
      const seen = [...read.contents].map(([name, content]) => [name, content.toString('latin1')]);
      expect(taken?.contents).toEqual(Object.fromEntries(seen));
    }),
    { numRuns: 150 },
  );
});

/** Makes the checksums of all blocks right that look like headers. */
function summed(tar: Buffer): void {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    const block = tar.subarray(at, at + 512);
    if (block.toString('latin1', 257, 262) !== 'ustar') continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
}

describe('a tar that is published', () => {
  it('still has no links and no global header', async () => {
    const link = tarHeader({ name: 'l', type: '2', linkname: 'main.tf' });
    for (const part of [link, paxHeader({ comment: 'a' }, 'g')]) {
      const path = archives.write(tarGz([part, tarFile('main.tf', 'x')]));
      await expect(readTarGz(path, TEST_LIMITS, () => false)).rejects.toBeInstanceOf(ArchiveRejected);
    }
  });
});

describe('a zip that is spooled', () => {
  it('gives files', async () => {
    const bytes = buildZip([
      { name: 'top/', content: '', mode: 0o040755 },
      { name: 'top/main.tf', content: 'one' },
      { name: 'top/run.sh', content: 'x'.repeat(100_000), mode: 0o100755, method: 0 },
      { name: 'top/dos.tf', content: 'two', madeOn: 0, externalAttributes: 0 },
    ]);
    expect(await spooled(bytes, spoolZip)).toEqual({
      files: [
        { name: 'top/main.tf', offset: 0, size: 3, isExecutable: false },
        { name: 'top/run.sh', offset: 3, size: 100_000, isExecutable: true },
        { name: 'top/dos.tf', offset: 100_003, size: 3, isExecutable: false },
      ],
      links: [],
      contents: { 'top/main.tf': 'one', 'top/run.sh': 'x'.repeat(100_000), 'top/dos.tf': 'two' },
    });
  });
});

describe('a tar that is packed', () => {
  it('is unpacked by tar to the same files, ordered by name', async () => {
    const contents = {
      'b/run.sh': Buffer.alloc(200_000, 'y'),
      'a.tf': Buffer.from('a'),
      'b.tf': Buffer.alloc(512),
    };
    const { path, sizeBytes } = await packed(contents);
    const target = mkdtempSync(join(folder, 'unpacked-'));
    const { stdout, stderr } = spawnSync('tar', ['-xvzf', path, '-C', target], { encoding: 'utf8' });
    expect(stdout + stderr).toBe('a.tf\nb.tf\nb/run.sh\n');
    for (const [name, bytes] of Object.entries(contents)) {
      expect(readFileSync(join(target, name)).equals(bytes)).toBe(true);
    }
    expect(readFileSync(path).length).toBe(sizeBytes);
  });

  it('has no time and no system in it, and the bytes of the order of names in UTF-8', async () => {
    const names = ['\u{1f600}.tf', '\uff5e.tf', 'z.tf', 'Y.tf'];
    const made = [];
    for (const order of [names, names.toReversed()]) {
      made.push(await packed(Object.fromEntries(order.map((name) => [name, Buffer.from(name)]))));
    }
    expect(made[0]!.digest).toBe(made[1]!.digest);
    const bytes = readFileSync(made[0]!.path);
    expect(bytes.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
    const { entries } = await readTarGz(made[0]!.path, TEST_LIMITS, () => false);
    expect(entries.map(({ name }) => name)).toEqual(['Y.tf', 'z.tf', '\uff5e.tf', '\u{1f600}.tf']);
    expect(gunzipSync(bytes).toString('latin1', 136, 148)).toBe('00000000000\0');
  });

  it('is read as what was packed, whatever the names and contents', async () => {
    const part = fc.string({
      unit: fc.constantFrom('a', 'B', '0', '-', 'é', '文', '😀'),
      minLength: 1,
      maxLength: 30,
    });
    const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    const files = fc.dictionary(name, fc.uint8Array({ maxLength: 1500 }), { minKeys: 1, maxKeys: 8 });
    await fc.assert(
      fc.asyncProperty(files, async (contents) => {
        const bytes = Object.fromEntries(
          Object.entries(contents).map(([key, value]) => [key, Buffer.from(value)]),
        );
        const { path } = await packed(bytes);
        let read;
        try {
          read = await readTarGz(path, TEST_LIMITS, () => true);
        } catch (error) {
          // Names that are one on some file system, or longer than they may be.
          expect(error).toBeInstanceOf(ArchiveRejected);
          expect((error as Error).message).toMatch(
            /one name on some|is a file and a directory|longer than 255/,
          );
          return;
        }
        expect(read.entries.map((entry) => entry.name).sort()).toEqual(Object.keys(bytes).sort());
        for (const [key, value] of Object.entries(bytes))
          expect(read.contents.get(key)!.equals(value)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
