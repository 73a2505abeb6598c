import type { FileHandle } from 'node:fs/promises';
import { ArchiveRejected } from './archives.errors.js';
import { quoteEntry } from './entry-path.js';
import { ZIP_FLAG, type ZipMember } from './zip-directory.js';
import { readUInt64 } from './zip-end-record.js';
import { readZip64Field } from './zip-extra-fields.js';

const LOCAL_SIGNATURE = 0x04034b50;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const LOCAL_BYTES = 30;
const ALL_ONES_32 = 0xffffffff;

/**
 * Compares the local header of a member, and what stands between its data and `end`, with the central directory.
 * Returns where the data begins. Throws {@link ArchiveRejected} for every difference, gap and overlap.
 */
export async function checkLocalEntry(file: FileHandle, member: ZipMember, end: number): Promise<number> {
  const quoted = quoteEntry(member.name);
  const fixed = await readExactly(file, member.offset, LOCAL_BYTES, quoted);
  const nameBytes = fixed.readUInt16LE(26);
  const extraBytes = fixed.readUInt16LE(28);
  const variable = await readExactly(file, member.offset + LOCAL_BYTES, nameBytes + extraBytes, quoted);
  const isSame =
    fixed.readUInt32LE(0) === LOCAL_SIGNATURE &&
    fixed.readUInt16LE(6) === member.flags &&
    fixed.readUInt16LE(8) === member.method &&
    variable.subarray(0, nameBytes).equals(member.rawName);
  const isDescribedLater = (member.flags & ZIP_FLAG.descriptor) !== 0;
  const sizes = readSizes(fixed, readZip64Field(variable.subarray(nameBytes), quoted));
  if (!isSame || sizes === undefined || !agrees(sizes, member, isDescribedLater)) {
    throw new ArchiveRejected(`the two headers of entry ${quoted} contradict each other; pack the zip again`);
  }
  const dataStart = member.offset + LOCAL_BYTES + nameBytes + extraBytes;
  const gap = end - dataStart - member.packedSize;
  const isDescribed = isDescribedLater
    ? isDescriptor(await readGap(file, end - gap, gap), member)
    : gap === 0;
  if (!isDescribed) {
    throw new ArchiveRejected(
      `the data of entry ${quoted} does not end where the next one begins; pack the zip again`,
    );
  }
  return dataStart;
}

interface Sizes {
  readonly crc32: number;
  readonly packed: number;
  readonly size: number;
}

/** Some writers repeat plain sizes in the zip64 field; then both have to say the same. */
function readSizes(fixed: Buffer, zip64: Buffer | undefined): Sizes | undefined {
  const crc32 = fixed.readUInt32LE(14);
  const packed = fixed.readUInt32LE(18);
  const size = fixed.readUInt32LE(22);
  const isLong = packed === ALL_ONES_32 || size === ALL_ONES_32;
  if (!isLong && zip64 === undefined) {
    return { crc32, packed, size };
  }
  if (zip64?.length !== 16) {
    return undefined;
  }
  const long = { crc32, size: readUInt64(zip64, 0), packed: readUInt64(zip64, 8) };
  const fits =
    (packed === ALL_ONES_32 || packed === long.packed) && (size === ALL_ONES_32 || size === long.size);
  return fits ? long : undefined;
}

/** With a data descriptor the local header may leave its numbers zero. */
function agrees(sizes: Sizes, member: ZipMember, isDescribedLater: boolean): boolean {
  const same = (local: number, central: number) => local === central || (isDescribedLater && local === 0);
  return (
    same(sizes.crc32, member.crc32) && same(sizes.packed, member.packedSize) && same(sizes.size, member.size)
  );
}

/** CRC and both sizes, with or without a signature before them, in 32 or 64 bits. */
function isDescriptor(bytes: Buffer | undefined, member: ZipMember): boolean {
  if (bytes === undefined) {
    return false;
  }
  const hasSignature = bytes.length === 16 || bytes.length === 24;
  const fields = hasSignature ? bytes.subarray(4) : bytes;
  const isLong = fields.length === 20;
  const packed = isLong ? readUInt64(fields, 4) : fields.readUInt32LE(4);
  const size = isLong ? readUInt64(fields, 12) : fields.readUInt32LE(8);
  return (
    (!hasSignature || bytes.readUInt32LE(0) === DESCRIPTOR_SIGNATURE) &&
    fields.readUInt32LE(0) === member.crc32 &&
    packed === member.packedSize &&
    size === member.size
  );
}

async function readGap(file: FileHandle, start: number, length: number): Promise<Buffer | undefined> {
  if (![12, 16, 20, 24].includes(length)) {
    return undefined;
  }
  const bytes = Buffer.alloc(length);
  await file.read(bytes, 0, length, start);
  return bytes;
}

async function readExactly(file: FileHandle, start: number, length: number, quoted: string): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = Number.isSafeInteger(start)
    ? await file.read(bytes, 0, length, start)
    : { bytesRead: -1 };
  if (bytesRead !== length) {
    throw new ArchiveRejected(`entry ${quoted} lies outside the zip; pack it again`);
  }
  return bytes;
}
