import type { FileHandle } from 'node:fs/promises';
import { ArchiveRejected } from './archives.errors.js';

/** Where the central directory of a zip is. It ends exactly where the end records begin. */
export interface ZipDirectoryLocation {
  readonly start: number;
  readonly size: number;
  readonly entryCount: number;
  /** The comment of the whole zip, each byte a character; empty when there is none. */
  readonly comment: string;
}

const SIGNATURE = { end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50 } as const;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR64_BYTES = 20;
const MAX_COMMENT_BYTES = 0xffff;
const ALL_ONES_16 = 0xffff;
const ALL_ONES_32 = 0xffffffff;

const NOT_A_ZIP = 'the file is not a zip, or its end is missing; pack it again and upload the whole file';
const INCONSISTENT = 'the end records of the zip contradict each other; pack it again';

interface EndFields {
  readonly disk: number;
  readonly directoryDisk: number;
  readonly entriesOnDisk: number;
  readonly entries: number;
  readonly size: number;
  readonly start: number;
}

/**
 * Finds the one end-of-central-directory record, with its 64-bit form when there is one, and checks that directory
 * and records follow each other without a gap up to the end of the file. Throws {@link ArchiveRejected}.
 */
export async function locateZipDirectory(file: FileHandle, fileBytes: number): Promise<ZipDirectoryLocation> {
  const tailBytes = Math.min(fileBytes, LOCATOR64_BYTES + END64_BYTES + END_BYTES + MAX_COMMENT_BYTES);
  const tail = Buffer.alloc(tailBytes);
  await file.read(tail, 0, tailBytes, fileBytes - tailBytes);
  const at = findEndRecord(tail);
  const end = readEnd(tail, at);
  const endsAt = fileBytes - tailBytes + at;
  const hasLocator = at >= LOCATOR64_BYTES && tail.readUInt32LE(at - LOCATOR64_BYTES) === SIGNATURE.locator64;
  const fields = hasLocator ? readEnd64(tail, at, endsAt, end) : end;
  const directoryEnd = hasLocator ? endsAt - LOCATOR64_BYTES - END64_BYTES : endsAt;
  if (!hasLocator && hasAllOnes(end)) {
    throw new ArchiveRejected(INCONSISTENT);
  }
  if (fields.disk !== 0 || fields.directoryDisk !== 0 || fields.entries !== fields.entriesOnDisk) {
    throw new ArchiveRejected('the zip is split over several files; pack it in one');
  }
  if (fields.start + fields.size !== directoryEnd) {
    throw new ArchiveRejected('the zip has data before its beginning or around its directory; pack it again');
  }
  const comment = tail.toString('latin1', at + END_BYTES);
  return { start: fields.start, size: fields.size, entryCount: fields.entries, comment };
}

function findEndRecord(tail: Buffer): number {
  for (let at = tail.length - END_BYTES; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) === SIGNATURE.end) {
      if (at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) {
        throw new ArchiveRejected(
          'there is data after the end of the zip; pack it again, without appending to it',
        );
      }
      return at;
    }
  }
  throw new ArchiveRejected(NOT_A_ZIP);
}

function readEnd(tail: Buffer, at: number): EndFields {
  return {
    disk: tail.readUInt16LE(at + 4),
    directoryDisk: tail.readUInt16LE(at + 6),
    entriesOnDisk: tail.readUInt16LE(at + 8),
    entries: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    start: tail.readUInt32LE(at + 16),
  };
}

/** The 64-bit record must stand right before its locator, and agree with each field of the short one that is in use. */
function readEnd64(tail: Buffer, endAt: number, endsAt: number, end: EndFields): EndFields {
  const locatorAt = endAt - LOCATOR64_BYTES;
  const at = locatorAt - END64_BYTES;
  const isInPlace =
    at >= 0 &&
    tail.readUInt32LE(at) === SIGNATURE.end64 &&
    readUInt64(tail, at + 4) === END64_BYTES - 12 &&
    tail.readUInt32LE(locatorAt + 4) === 0 &&
    tail.readUInt32LE(locatorAt + 16) === 1 &&
    readUInt64(tail, locatorAt + 8) === endsAt - LOCATOR64_BYTES - END64_BYTES;
  if (!isInPlace) {
    throw new ArchiveRejected(INCONSISTENT);
  }
  const long: EndFields = {
    disk: tail.readUInt32LE(at + 16),
    directoryDisk: tail.readUInt32LE(at + 20),
    entriesOnDisk: readUInt64(tail, at + 24),
    entries: readUInt64(tail, at + 32),
    size: readUInt64(tail, at + 40),
    start: readUInt64(tail, at + 48),
  };
  const agrees = (short: number, value: number, allOnes: number) => short === allOnes || short === value;
  const isConsistent =
    agrees(end.disk, long.disk, ALL_ONES_16) &&
    agrees(end.directoryDisk, long.directoryDisk, ALL_ONES_16) &&
    agrees(end.entriesOnDisk, long.entriesOnDisk, ALL_ONES_16) &&
    agrees(end.entries, long.entries, ALL_ONES_16) &&
    agrees(end.size, long.size, ALL_ONES_32) &&
    agrees(end.start, long.start, ALL_ONES_32);
  if (!isConsistent) {
    throw new ArchiveRejected(INCONSISTENT);
  }
  return long;
}

function hasAllOnes(end: EndFields): boolean {
  return end.entries === ALL_ONES_16 || end.size === ALL_ONES_32 || end.start === ALL_ONES_32;
}

/** A 64-bit number; too large ones become infinite, so that they equal nothing. */
export function readUInt64(buffer: Buffer, at: number): number {
  const value = buffer.readBigUInt64LE(at);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : Number.POSITIVE_INFINITY;
}
