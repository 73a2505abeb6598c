import { gzipSync } from 'node:zlib';

/** One 512-byte header; `patch` may break it before its checksum is computed. */
export interface TarHeaderOptions {
  name?: string | Buffer;
  type?: string;
  size?: number;
  mode?: number;
  prefix?: string;
  linkname?: string;
  magic?: string;
  patch?: (block: Buffer) => void;
}

const BLOCK = 512;

/** A raw tar header. */
export function tarHeader(options: TarHeaderOptions): Buffer {
  const block = Buffer.alloc(BLOCK);
  const name = Buffer.isBuffer(options.name) ? options.name : Buffer.from(options.name ?? 'main.tf');
  name.copy(block, 0, 0, 100);
  block.write(`${(options.mode ?? 0o644).toString(8).padStart(7, '0')}\0`, 100, 'latin1');
  block.write('0000000\0', 108, 'latin1');
  block.write('0000000\0', 116, 'latin1');
  block.write(`${(options.size ?? 0).toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  block.write('00000000000\0', 136, 'latin1');
  block.write(options.type ?? '0', 156, 'latin1');
  block.write(options.linkname ?? '', 157, 'utf8');
  block.write(options.magic ?? 'ustar\x0000', 257, 'latin1');
  block.write(options.prefix ?? '', 345, 'utf8');
  options.patch?.(block);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** An entry with content; the header says the true size unless told otherwise. */
export function tarFile(
  name: string | Buffer,
  content: string | Buffer = '',
  options: TarHeaderOptions = {},
): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([tarHeader({ name, size: bytes.length, ...options }), padToBlock(bytes)]);
}

export function tarDirectory(name: string, options: TarHeaderOptions = {}): Buffer {
  return tarHeader({ name, type: '5', mode: 0o755, ...options });
}

/** A PAX header with these records, or with raw bytes. */
export function paxHeader(records: Record<string, string> | Buffer, type = 'x'): Buffer {
  const payload = Buffer.isBuffer(records)
    ? records
    : Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)));
  return tarFile('PaxHeaders/x', payload, { type });
}

/** One record with its right length. */
export function paxRecord(key: string, value: string): Buffer {
  const body = Buffer.from(` ${key}=${value}\n`);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) {
    length = String(length).length + body.length;
  }
  return Buffer.concat([Buffer.from(String(length)), body]);
}

/** The header that GNU tar writes before an entry with a long name. */
export function gnuLongName(name: string | Buffer, type = 'L'): Buffer {
  const payload = Buffer.concat([Buffer.from(name as string), Buffer.alloc(1)]);
  return tarFile('././@LongLink', payload, { type, magic: 'ustar  \0' });
}

/** The end mark: two blocks of zeros. */
export function tarEnd(blocks = 2): Buffer {
  return Buffer.alloc(blocks * BLOCK);
}

/** A whole tar, compressed. */
export function tarGz(parts: readonly Buffer[], end: Buffer = tarEnd()): Buffer {
  return gzipSync(Buffer.concat([...parts, end]));
}

function padToBlock(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}
