import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArchiveFiles, TEST_LIMITS } from '../../../test/support/archives/archive-files.js';
import { hasPython, runPython } from '../../../test/support/archives/python.js';
import {
  gnuLongName,
  paxHeader,
  tarDirectory,
  tarFile,
  tarGz,
} from '../../../test/support/archives/tar-builder.js';
import { buildZip, dataDescriptor, extraField, uint64 } from '../../../test/support/archives/zip-builder.js';
import { ArchiveRejected } from './archives.errors.js';
import { readTarGz } from './tar-reader.js';
import { readZip } from './zip-reader.js';

const files = new ArchiveFiles();
const source = join(files.directory, 'source');
const hasTar = spawnSync('tar', ['--version']).status === 0;
const hasUnzip = spawnSync('unzip', ['-v']).status === 0;
const hasZip = spawnSync('zip', ['-v']).status === 0;
const NO_PYTHON = 'SKIPPED: python3 is not on PATH, archives were not compared with it';

beforeAll(() => {
  mkdirSync(join(source, 'modules', 'a'), { recursive: true });
  mkdirSync(join(source, 'd'.repeat(90), 'e'.repeat(60)), { recursive: true });
  writeFileSync(join(source, 'main.tf'), 'resource "x" "y" {}\n');
  writeFileSync(join(source, 'modules', 'a', 'fünf.tf'), 'a'.repeat(5_000));
  writeFileSync(join(source, 'd'.repeat(90), 'e'.repeat(60), 'long.tf'), '');
});

afterAll(() => files.remove());

const LIST_TARS = `
import json, sys, tarfile
print(json.dumps([[[m.name, "directory" if m.isdir() else "file" if m.isreg() else "other", m.size]
  for m in tarfile.open(path, "r:gz")] for path in sys.argv[1:]]))`;

const LIST_ZIPS = `
import hashlib, json, sys, zipfile
print(json.dumps([[[i.filename, i.file_size, hashlib.sha256(z.read(i)).hexdigest()] for i in z.infolist()]
  for z in map(zipfile.ZipFile, sys.argv[1:])]))`;

async function listTar(path: string): Promise<[string, string, number][]> {
  const { entries } = await readTarGz(path, TEST_LIMITS, () => false);
  return entries.map(({ name, type, size }) => [name, type, size]);
}

async function listZip(path: string): Promise<[string, number, string][]> {
  const { entries } = await readZip(path, TEST_LIMITS);
  return entries.map(({ name, size, digest }) => [name, size, digest]);
}

function pythonTarNames(listing: unknown): unknown {
  return (listing as [string, string, number][])
    .map(([name, type, size]) => [name.replace(/^(?:\.\/)+/, '').replace(/^\.$/, ''), type, size])
    .filter(([name]) => name !== '');
}

describe('a tar that is accepted', () => {
  it.for([
    ['gnu', []],
    ['ustar', []],
    ['pax', []],
    ['posix', ['--owner=someone:12345', '--mtime=2030-01-01']],
  ] as const)(
    'in the format %s of tar is the one that Python and tar list',
    async ([format, options], { skip }) => {
      if (!hasTar || !hasPython) {
        return skip('SKIPPED: tar or python3 is not on PATH');
      }
      for (const packed of [
        ['-C', source, '.'],
        ['-C', files.directory, 'source'],
      ]) {
        const path = files.write(Buffer.alloc(0));
        execFileSync('tar', [`--format=${format}`, ...options, '-czf', path, ...packed]);
        const listing = await listTar(path);
        expect(listing.filter(([, type]) => type === 'file')).toHaveLength(3);
        expect([listing]).toEqual((runPython(LIST_TARS, [path]) as unknown[]).map(pythonTarNames));
        const names = execFileSync('tar', ['-tzf', path, '--quoting-style=literal'], { encoding: 'utf8' })
          .trim()
          .split('\n');
        const plain = names
          .map((name) => name.replace(/^\.\//, '').replace(/\/$/, ''))
          .filter((name) => name !== '');
        expect(listing.map(([name]) => name)).toEqual(plain);
      }
    },
  );

  it('after a change of its headers is still the one that Python lists', async ({ skip }) => {
    if (!hasPython) {
      return skip(NO_PYTHON);
    }
    const long = `${'f/'.repeat(60)}x.tf`;
    const plain = gunzipSync(
      tarGz([
        tarDirectory('sub/'),
        paxHeader({ path: 'fünf.tf', mtime: '1' }),
        tarFile('f?nf.tf', 'a'),
        gnuLongName(long),
        tarFile(long.slice(0, 100), 'b', { magic: 'ustar  \0' }),
        tarFile('sub/main.tf', 'x'.repeat(700), { prefix: 'pre' }),
      ]),
    );
    const accepted: { path: string; listing: unknown }[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 11 }),
        fc.nat({ max: 511 }),
        fc.integer({ min: 0, max: 255 }),
        async (block, at, byte) => {
          const mutant = Buffer.from(plain);
          mutant[block * 512 + at] = byte;
          fixChecksum(mutant.subarray(block * 512, block * 512 + 512));
          const path = files.write(gzipSync(mutant, { level: 1 }));
          await listTar(path).then(
            (listing) => accepted.push({ path, listing }),
            (error: unknown) => expect(error).toBeInstanceOf(ArchiveRejected),
          );
        },
      ),
      { numRuns: 800 },
    );
    expect(accepted.length).toBeGreaterThan(100);
    const python = runPython(
      LIST_TARS,
      accepted.map(({ path }) => path),
    ) as unknown[];
    expect(accepted.map(({ listing }) => listing)).toEqual(python.map(pythonTarNames));
  });
});

describe('a zip that is accepted', () => {
  it('made by Python and by zip is the one that Python and unzip list', async ({ skip }) => {
    if (!hasPython) {
      return skip(NO_PYTHON);
    }
    const paths = [files.write(Buffer.alloc(0)), files.write(Buffer.alloc(0))];
    const write = `
import sys, zipfile, io
for path, out in ((sys.argv[1], open(sys.argv[1], "wb")), (sys.argv[2], open(sys.argv[2], "wb"))):
  class Pipe(io.RawIOBase):
    def writable(self): return True
    def write(self, data): return out.write(data)
  with zipfile.ZipFile(Pipe() if path == sys.argv[2] else out, "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("terraform-provider-x_v1.0.0", "binary" * 1000)
    z.writestr("docs/f\\u00fcnf.md", "a" * 70000, zipfile.ZIP_STORED)
    with z.open("big", "w", force_zip64=True) as f: f.write(b"zip64" * 100)
  out.close()
print("null")`;
    runPython(write, paths);
    if (hasZip) {
      const path = join(files.directory, 'made.zip');
      execFileSync('zip', ['-D', '-q', '-r', path, '.', '-i', 'main.tf', 'd*'], { cwd: source });
      paths.push(path);
    }
    expect(await Promise.all(paths.map(listZip))).toEqual(runPython(LIST_ZIPS, paths));
    for (const path of hasUnzip ? paths : []) {
      expect(spawnSync('unzip', ['-tqq', path]).status).toBe(0);
    }
  });

  it('after a change of any byte is still the one that Python lists', async ({ skip }) => {
    if (!hasPython) {
      return skip(NO_PYTHON);
    }
    const zip64 = extraField(1, Buffer.concat([uint64(4), uint64(4)]));
    const archive = buildZip(
      [
        { name: 'terraform-provider-x', content: 'binary'.repeat(9), mode: 0o100755 },
        {
          name: 'a',
          content: 'abc',
          flags: 8,
          local: { crc32: 0, packedSize: 0, size: 0 },
          after: dataDescriptor('abc'),
        },
        {
          name: 'b',
          content: 'free',
          method: 0,
          local: { packedSize: 0xffffffff, size: 0xffffffff, extra: zip64 },
        },
      ],
      { zip64: {}, comment: Buffer.from('note') },
    );
    const accepted: { path: string; listing: unknown }[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: archive.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        async (at, byte) => {
          const mutant = Buffer.from(archive);
          mutant[at] = byte;
          const path = files.write(mutant);
          await listZip(path).then(
            (listing) => accepted.push({ path, listing }),
            (error: unknown) => expect(error).toBeInstanceOf(ArchiveRejected),
          );
        },
      ),
      { numRuns: 1_500 },
    );
    expect(accepted.length).toBeGreaterThan(20);
    const python = runPython(
      LIST_ZIPS,
      accepted.map(({ path }) => path),
    );
    expect(accepted.map(({ listing }) => listing)).toEqual(python);
  });
});

function fixChecksum(header: Buffer): void {
  if (header.toString('latin1', 257, 262) !== 'ustar') {
    return;
  }
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
