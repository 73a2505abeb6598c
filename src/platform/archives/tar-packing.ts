import { createWriteStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { HashingStream } from '../../kernel/sha256.js';
import type { SpooledFile } from './spooled-archive.js';
import { TAR_BLOCK_BYTES } from './tar-header.js';

const CHUNK_BYTES = 64 * 1024;
const NAME_BYTES = 100;
/** Where gzip says on which system it was made, and the number for "unknown". */
const GZIP_SYSTEM = { at: 9, unknown: 0xff } as const;
const END_MARK = Buffer.alloc(2 * TAR_BLOCK_BYTES);

/** A tar that was written. */
export interface PackedTar {
  readonly sizeBytes: number;
  /** SHA-256 of the file, 64 lower-case hex digits. */
  readonly digest: string;
}

/**
 * Writes files whose content is in `spool` to the gzip-compressed tar `path`, in constant memory. The same files make the
 * same bytes: ordered by the bytes of their names, without times, owners and entries for folders.
 */
export async function packTarGz(
  path: string,
  files: readonly SpooledFile[],
  spool: FileHandle,
  signal?: AbortSignal,
): Promise<PackedTar> {
  const hashing = new HashingStream();
  await pipeline(
    blocksOf(files, spool),
    createGzip(),
    withoutSystem,
    hashing,
    createWriteStream(path, { mode: 0o600 }),
    ...(signal ? [{ signal }] : []),
  );
  return { sizeBytes: hashing.size, digest: hashing.digest };
}

async function* blocksOf(files: readonly SpooledFile[], spool: FileHandle): AsyncGenerator<Buffer> {
  const named = files.map((file) => ({ file, raw: Buffer.from(file.name) }));
  named.sort((left, right) => left.raw.compare(right.raw));
  for (const { file, raw } of named) {
    yield headersOf(file, raw);
    for (let read = 0; read < file.size;) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, file.size - read));
      const { bytesRead } = await spool.read(chunk, 0, chunk.length, file.offset + read);
      if (bytesRead === 0) throw new Error('The spool file is shorter than what was written to it');
      read += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
    yield Buffer.alloc(-file.size & (TAR_BLOCK_BYTES - 1));
  }
  yield END_MARK;
}

/** The header of a file; before it a PAX header where the name is too long or not ASCII. */
function headersOf({ size, isExecutable }: SpooledFile, raw: Buffer): Buffer {
  const mode = isExecutable ? 0o755 : 0o644;
  if (raw.length <= NAME_BYTES && raw.every((byte) => byte < 0x80)) return header(raw, '0', size, mode);
  const record = paxRecord('path', raw);
  const padding = Buffer.alloc(-record.length & (TAR_BLOCK_BYTES - 1));
  return Buffer.concat([
    header(Buffer.from('PaxHeader'), 'x', record.length, 0o644),
    record,
    padding,
    header(raw.subarray(0, NAME_BYTES), '0', size, mode),
  ]);
}

/** `<length> <key>=<value>\n`, the length counting itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function header(name: Buffer, typeflag: string, size: number, mode: number): Buffer {
  const block = Buffer.alloc(TAR_BLOCK_BYTES);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  name.copy(block, 0);
  block.write(octal(mode, 7), 100, 'latin1');
  block.write(octal(0, 7), 108, 'latin1');
  block.write(octal(0, 7), 116, 'latin1');
  block.write(octal(size, 11), 124, 'latin1');
  block.write(octal(0, 11), 136, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write(typeflag, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Compressors write the system that they run on into the gzip header. */
async function* withoutSystem(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let passed = 0;
  for await (const chunk of source) {
    const at = GZIP_SYSTEM.at - passed;
    if (at >= 0 && at < chunk.length) chunk[at] = GZIP_SYSTEM.unknown;
    passed += chunk.length;
    yield chunk;
  }
}
