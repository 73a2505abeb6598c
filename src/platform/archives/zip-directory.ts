import type { FileHandle } from 'node:fs/promises';
import { open, type Entry, type ZipFile } from 'yauzl';
import type { ArchiveLimits } from './archive-limits.js';
import { ArchiveRejected } from './archives.errors.js';
import { checkEntryPath, decodeEntryName, quoteEntry } from './entry-path.js';
import type { ZipDirectoryLocation } from './zip-end-record.js';
import { readZip64Field } from './zip-extra-fields.js';

/** A file of a zip as the central directory describes it. */
export interface ZipMember {
  readonly name: string;
  readonly rawName: Buffer;
  readonly flags: number;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly crc32: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where the local header is. */
  readonly offset: number;
  /** Unix mode with type bits, 0 when the zip was not made on Unix. */
  readonly mode: number;
  readonly isDirectory: boolean;
}

/** `@types/yauzl` describes version 2, and takes the cursor for a flag. */
type YauzlEntry = Entry & { fileNameRaw: Buffer; extraFieldRaw: Buffer };
const cursorOf = (zip: ZipFile): number => Number(zip.readEntryCursor);

export const ZIP_FLAG = { encrypted: 0x0001, descriptor: 0x0008, utf8: 0x0800 } as const;
/** What a reader may safely meet: compression hints, data descriptor, UTF-8 names. */
const KNOWN_FLAGS = 0x0006 | ZIP_FLAG.descriptor | ZIP_FLAG.utf8;
/** 6.3, the newest version of the format. */
const NEWEST_VERSION = 63;
const FIXED_HEADER_BYTES = 46;
const ALL_ONES_32 = 0xffffffff;
const MADE_ON_UNIX = new Set([3, 19]);
const DOS_DIRECTORY = 0x10;
const TYPE_BITS = 0o170000;
const TYPE = { regular: 0o100000, directory: 0o040000, link: 0o120000 } as const;

/**
 * The files of a zip in the order of its central directory, each checked by itself. Throws
 * {@link ArchiveRejected} for links, for directories unless they are allowed, encryption, unsafe
 * paths and records that can be read in two ways.
 */
export async function readZipDirectory(
  path: string,
  file: FileHandle,
  location: ZipDirectoryLocation,
  limits: ArchiveLimits,
  allowDirectories: boolean,
): Promise<ZipMember[]> {
  const directory = Buffer.alloc(location.size);
  await file.read(directory, 0, location.size, location.start);
  const zip = await openZip(path);
  try {
    const members: ZipMember[] = [];
    let at = 0;
    for await (const entry of entriesOf(zip)) {
      members.push(checkMember(entry, directory.subarray(at), limits, allowDirectories));
      at = cursorOf(zip) - location.start;
    }
    if (at !== location.size) {
      throw new ArchiveRejected('the directory of the zip has more entries than it says; pack it again');
    }
    return members;
  } finally {
    zip.close();
  }
}

function openZip(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    open(path, { lazyEntries: true, autoClose: false, decodeStrings: false }, (error, zip) =>
      error === null ? resolve(zip) : reject(rejectionOf(error)),
    );
  });
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<YauzlEntry> {
  for (;;) {
    const entry = await new Promise<YauzlEntry | undefined>((resolve, reject) => {
      zip.removeAllListeners();
      zip.on('entry', resolve);
      zip.on('end', () => resolve(undefined));
      zip.on('error', (error: Error) => reject(rejectionOf(error)));
      zip.readEntry();
    });
    if (entry === undefined) {
      return;
    }
    yield entry;
  }
}

function rejectionOf(error: Error): Error {
  return 'code' in error
    ? error
    : new ArchiveRejected('the directory of the zip is damaged; pack it again', {}, { cause: error });
}

function checkMember(
  entry: YauzlEntry,
  record: Buffer,
  limits: ArchiveLimits,
  allowDirectories: boolean,
): ZipMember {
  const headerBytes = entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
  const quoted = quoteEntry(entry.fileNameRaw);
  if (headerBytes > limits.maxHeaderBytes) {
    throw new ArchiveRejected(
      `entry ${quoted} has too long a header; pack it without comments and attributes`,
    );
  }
  const flags = entry.generalPurposeBitFlag;
  if ((flags & ZIP_FLAG.encrypted) !== 0) {
    throw new ArchiveRejected(`entry ${quoted} is encrypted; pack it without a password`);
  }
  if ((entry.versionNeededToExtract & 0xff) > NEWEST_VERSION) {
    throw new ArchiveRejected(`entry ${quoted} needs a newer unzip than there is; pack it again`);
  }
  if ((flags & ~KNOWN_FLAGS) !== 0 || (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)) {
    throw new ArchiveRejected(`entry ${quoted} has an unusual compression; pack it with deflate`);
  }
  checkZip64(entry, record, quoted);
  const mode = MADE_ON_UNIX.has(entry.versionMadeBy >>> 8) ? entry.externalFileAttributes >>> 16 : 0;
  const isDirectory = checkType(entry, quoted, allowDirectories);
  const name = checkName(isDirectory ? entry.fileNameRaw.subarray(0, -1) : entry.fileNameRaw, flags);
  return {
    name,
    rawName: entry.fileNameRaw,
    flags,
    method: entry.compressionMethod,
    crc32: entry.crc32,
    packedSize: entry.compressedSize,
    size: entry.uncompressedSize,
    offset: entry.relativeOffsetOfLocalHeader,
    mode,
    isDirectory,
  };
}

/** A zip64 field holds exactly the numbers that do not fit the record; some readers believe it in any case. */
function checkZip64(entry: YauzlEntry, record: Buffer, quoted: string): void {
  if (record.length < FIXED_HEADER_BYTES) {
    throw new ArchiveRejected('the directory of the zip ends too early; pack it again');
  }
  const needed = [20, 24, 42].filter((at) => record.readUInt32LE(at) === ALL_ONES_32).length;
  const field = readZip64Field(entry.extraFieldRaw, quoted);
  if ((field?.length ?? 0) !== needed * 8 || (field !== undefined && needed === 0)) {
    throw new ArchiveRejected(`entry ${quoted} has contradictory sizes; pack it again`);
  }
  if (record.readUInt16LE(34) !== 0) {
    throw new ArchiveRejected('the zip is split over several files; pack it in one');
  }
}

/**
 * Whether the entry is a directory. Whatever system the record names: no reader may take it for a link, nor for a
 * directory when others take it for a file.
 */
function checkType(entry: YauzlEntry, quoted: string, allowDirectories: boolean): boolean {
  const unixMode = entry.externalFileAttributes >>> 16;
  const type = unixMode & TYPE_BITS;
  const isNamedDirectory = entry.fileNameRaw.at(-1) === 0x2f;
  const isDirectory =
    isNamedDirectory || type === TYPE.directory || (entry.externalFileAttributes & DOS_DIRECTORY) !== 0;
  if (isDirectory && allowDirectories && isNamedDirectory && entry.uncompressedSize === 0) {
    if (type === 0 || type === TYPE.directory) return true;
  }
  if (isDirectory) {
    throw new ArchiveRejected(
      `entry ${quoted} is a directory; zip without directory entries, e.g. with "zip -D"`,
    );
  }
  if (type === TYPE.link) {
    throw new ArchiveRejected(
      `entry ${quoted} is a symbolic link; links are not accepted, pack a copy instead`,
    );
  }
  if (type !== 0 && type !== TYPE.regular) {
    throw new ArchiveRejected(`entry ${quoted} is a device or a pipe; leave it out`);
  }
  if ((unixMode & 0o7000) !== 0) {
    throw new ArchiveRejected(
      `entry ${quoted} has the setuid, setgid or sticky bit; remove it with "chmod ug-s,-t"`,
    );
  }
  return false;
}

function checkName(raw: Buffer, flags: number): string {
  const name = decodeEntryName(raw);
  if ((flags & ZIP_FLAG.utf8) === 0 && raw.some((byte) => byte >= 0x80)) {
    throw new ArchiveRejected(
      `the name of entry ${quoteEntry(name)} is not marked as UTF-8; rename it or pack it again`,
    );
  }
  checkEntryPath(name);
  return name;
}
