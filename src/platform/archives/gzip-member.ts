import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { ArchiveRejected } from './archives.errors.js';
import { inflateRange } from './raw-inflate.js';
import type { UnpackBudget } from './unpack-budget.js';

const HEAD_BYTES = 64 * 1024;
const TRAILER_BYTES = 8;
const FIXED_HEADER_BYTES = 10;
const FLAG = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 } as const;

/**
 * Unpacks a file that is one gzip member and nothing else (RFC 1952), checking size and CRC at the end.
 * Throws {@link ArchiveRejected} for a second member, trailing bytes, damage and whatever the budget refuses.
 */
export async function* unpackGzipMember(path: string, budget: UnpackBudget): AsyncGenerator<Buffer> {
  const { headerBytes, fileBytes, trailer } = await readFrame(path, budget);
  let crc = 0;
  let unpacked = 0;
  for await (const { data, packed } of inflateRange(
    path,
    headerBytes,
    fileBytes - headerBytes - TRAILER_BYTES,
  )) {
    crc = crc32(data, crc);
    unpacked += data.length;
    budget.checkProgress(unpacked, packed);
    yield data;
  }
  if (trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== unpacked % 2 ** 32) {
    throw new ArchiveRejected('the gzip checksum does not fit the data; pack it again');
  }
}

async function readFrame(path: string, budget: UnpackBudget) {
  const file = await open(path, 'r');
  try {
    const fileBytes = (await file.stat()).size;
    budget.checkPacked(fileBytes);
    const head = Buffer.alloc(Math.min(HEAD_BYTES, fileBytes));
    await file.read(head, 0, head.length, 0);
    const headerBytes = gzipHeaderLength(head);
    if (fileBytes < headerBytes + TRAILER_BYTES) {
      throw new ArchiveRejected('the gzip data is cut off; pack it again and upload the whole file');
    }
    const trailer = Buffer.alloc(TRAILER_BYTES);
    await file.read(trailer, 0, TRAILER_BYTES, fileBytes - TRAILER_BYTES);
    return { headerBytes, fileBytes, trailer };
  } finally {
    await file.close();
  }
}

/** Length of the gzip header at the beginning of `head`. */
function gzipHeaderLength(head: Buffer): number {
  if (head.length < FIXED_HEADER_BYTES || head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8) {
    throw new ArchiveRejected(
      `${describeContent(head)}; upload a gzip-compressed tar, e.g. made with "tar -czf"`,
    );
  }
  const flags = head[3] ?? 0;
  let length = FIXED_HEADER_BYTES;
  if ((flags & FLAG.extra) !== 0) {
    length += 2 + (length + 2 <= head.length ? head.readUInt16LE(length) : head.length);
  }
  for (const flag of [FLAG.name, FLAG.comment]) {
    if ((flags & flag) !== 0) {
      const end = head.indexOf(0, length);
      length = end === -1 ? Number.POSITIVE_INFINITY : end + 1;
    }
  }
  const crcAt = length;
  length += (flags & FLAG.headerCrc) === 0 ? 0 : 2;
  const isWhole = length <= head.length && (flags & FLAG.reserved) === 0;
  if (
    !isWhole ||
    (length > crcAt && head.readUInt16LE(crcAt) !== (crc32(head.subarray(0, crcAt)) & 0xffff))
  ) {
    throw new ArchiveRejected('the gzip header is damaged; pack it again');
  }
  return length;
}

const SIGNATURES: readonly (readonly [at: number, bytes: string, what: string])[] = [
  [0, '504b', 'the file is a zip'],
  [257, '7573746172', 'the file is a tar without compression'],
  [0, 'fd377a585a00', 'the file is compressed with xz'],
  [0, '425a68', 'the file is compressed with bzip2'],
  [0, '28b52ffd', 'the file is compressed with zstd'],
];

function describeContent(head: Buffer): string {
  if (head.length === 0) {
    return 'the file is empty';
  }
  const known = SIGNATURES.find(([at, bytes]) => {
    const expected = Buffer.from(bytes, 'hex');
    return head.subarray(at, at + expected.length).equals(expected);
  });
  return known?.[2] ?? 'the file is not gzip-compressed';
}
