import { ArchiveRejected } from './archives.errors.js';
import { quoteEntry } from './entry-path.js';

/** Length of every block of a tar. */
export const TAR_BLOCK_BYTES = 512;

/** What one 512-byte header says, before extended headers are applied. */
export interface TarHeader {
  /** Prefix and name as they stand there. */
  readonly name: Buffer;
  /** One ASCII character; `\0` for the oldest form of a file. */
  readonly typeflag: string;
  readonly size: number;
  readonly mode: number;
  /** Where a link leads; looked at for links only. */
  readonly linkname: Buffer;
}

const NOT_A_TAR = 'the content is not a tar; upload a gzip-compressed tar, e.g. made with "tar -czf"';
const NULS = Buffer.alloc(TAR_BLOCK_BYTES);
/** Where uid, gid, mtime, devmajor and devminor are. */
const UNUSED_NUMBERS = [
  [108, 8],
  [116, 8],
  [136, 12],
  [329, 8],
  [337, 8],
] as const;
/** First byte of a positive number in the binary form. */
const BINARY_NUMBER = 0x80;
const SPACES_AND_OCTAL = /^ *([0-7]*)[ \0]*$/;

/** Reads a header block strictly, so that all readers agree about it. Throws {@link ArchiveRejected}. */
export function readTarHeader(block: Buffer): TarHeader {
  if (octal(block, 148, 8) !== checksum(block)) {
    throw new ArchiveRejected(NOT_A_TAR);
  }
  const magic = block.toString('latin1', 257, 265);
  const isUstar = magic === 'ustar\x0000';
  if (!isUstar && magic !== 'ustar  \0') {
    throw new ArchiveRejected(
      'the tar has an old or unknown format; pack it with "tar --format=ustar" or "--format=pax"',
    );
  }
  if (isUstar && block.toString('latin1', 508, 512) === 'tar\0') {
    throw new ArchiveRejected(
      'the tar has the format of star; pack it with "tar --format=ustar" or "--format=pax"',
    );
  }
  const name = field(block, 0, 100);
  const prefix = isUstar ? field(block, 345, 155) : Buffer.alloc(0);
  const fullName = prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name;
  const size = octal(block, 124, 12);
  const mode = octal(block, 100, 8);
  if (size === undefined || mode === undefined || !hasReadableNumbers(block)) {
    throw new ArchiveRejected(
      `the header of entry ${quoteEntry(fullName)} is damaged; pack the archive again`,
    );
  }
  const typeflag = String.fromCharCode(block[156] ?? 0);
  const linkname = typeflag === '2' ? field(block, 157, 100) : Buffer.alloc(0);
  return { name: fullName, typeflag, size, mode, linkname };
}

/** Owner, group, time and device numbers are not used here, but some readers stop at bad ones. */
function hasReadableNumbers(block: Buffer): boolean {
  const isNumber = ([start, length]: readonly [number, number]) =>
    block[start] === BINARY_NUMBER || octal(block, start, length) !== undefined;
  return UNUSED_NUMBERS.every(isNumber);
}

/** A text field up to its first NUL; after that there may only be NULs. */
function field(block: Buffer, start: number, length: number): Buffer {
  const bytes = block.subarray(start, start + length);
  const end = bytes.indexOf(0);
  if (end === -1) {
    return bytes;
  }
  if (!bytes.subarray(end).equals(NULS.subarray(0, length - end))) {
    throw new ArchiveRejected(`the name of entry ${quoteEntry(bytes)} contains a NUL; rename it`);
  }
  return bytes.subarray(0, end);
}

/** An octal number; undefined for anything else, also for the binary form, whose numbers are above every limit. */
function octal(block: Buffer, start: number, length: number): number | undefined {
  const digits = SPACES_AND_OCTAL.exec(block.toString('latin1', start, start + length))?.[1];
  return digits === undefined ? undefined : digits === '' ? 0 : Number.parseInt(digits, 8);
}

function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < TAR_BLOCK_BYTES; index += 1) {
    sum += index >= 148 && index < 156 ? 0 : (block[index] ?? 0);
  }
  return sum;
}
