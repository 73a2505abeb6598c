import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { Sha256Hash } from '../../kernel/sha256.js';
import { directoryHash } from '../../kernel/terraform/package-hash.js';
import { describeBytes, type ArchiveLimits } from './archive-limits.js';
import { ArchiveRejected } from './archives.errors.js';
import { quoteEntry } from './entry-path.js';
import { EntryTree } from './entry-tree.js';
import { inflateRange, type InflatedChunk } from './raw-inflate.js';
import { MAX_CONTENT_BYTES, MAX_TOTAL_CONTENT_BYTES } from './tar-contents.js';
import { UnpackBudget } from './unpack-budget.js';
import { readZipDirectory, type ZipMember } from './zip-directory.js';
import { locateZipDirectory } from './zip-end-record.js';
import { checkLocalEntry } from './zip-local-entry.js';

/** What is in a zip, in the order of its directory. */
export interface ZipListing {
  readonly entries: readonly {
    readonly name: string;
    readonly size: number;
    /** Unix mode with type bits, 0 when unknown. */
    readonly mode: number;
    /** SHA-256 of the content, lower-case hex. */
    readonly digest: string;
  }[];
  /** Terraform's `h1:` hash of the package. */
  readonly h1: string;
  /** Content of the files that were wanted, each cut at 1 MiB, 16 MiB in all. */
  readonly contents: ReadonlyMap<string, Buffer>;
  /** Content of all files together. */
  readonly unpackedBytes: number;
  /** What the end of the zip says, each byte a character; `git archive` writes the commit there. */
  readonly comment: string;
}

/** How a zip is read; by default no content is kept and entries for directories are refused. */
export interface ZipOptions {
  /** Asked once per file, in the order of the directory, whether to keep its content. */
  readonly wants?: (name: string, size: number) => boolean;
  /** Entries for directories are passed over. */
  readonly allowDirectories?: boolean;
  /** Gets the content of all files, in the order of the directory. */
  readonly store?: (content: Buffer) => Promise<void>;
}

const CHUNK_BYTES = 64 * 1024;

/**
 * Reads a zip with bounded memory: its directory, each local header against it, and the content of every file with
 * its CRC. The local entries must fill the file from its first byte to the directory without gap or overlap.
 * Throws `ArchiveRejected` with a reason for everything that breaks a rule (threat row E5).
 */
export async function readZip(
  path: string,
  limits: ArchiveLimits,
  options: ZipOptions = {},
): Promise<ZipListing> {
  const budget = new UnpackBudget(limits);
  const file = await open(path, 'r');
  try {
    const fileBytes = (await file.stat()).size;
    budget.checkPacked(fileBytes);
    const location = await locateZipDirectory(file, fileBytes);
    budget.checkEntries(location.entryCount);
    if (location.size > limits.maxTotalHeaderBytes) {
      throw new ArchiveRejected(
        `the directory of the zip is larger than ${describeBytes(limits.maxTotalHeaderBytes)}; pack fewer files`,
      );
    }
    if (location.entryCount === 0) {
      throw new ArchiveRejected('the zip is empty; pack the provider into it');
    }
    const members = await readZipDirectory(path, file, location, limits, options.allowDirectories ?? false);
    const starts = await checkLayout(file, members, location.start);
    const listing = await readContents(path, members, starts, budget, options);
    return { ...listing, comment: location.comment };
  } finally {
    await file.close();
  }
}

/** Where the data of each member begins. */
async function checkLayout(
  file: FileHandle,
  members: readonly ZipMember[],
  directoryStart: number,
): Promise<Map<ZipMember, number>> {
  const tree = new EntryTree();
  for (const member of members) {
    tree.add(member.name, member.isDirectory ? 'directory' : 'file');
  }
  const inFileOrder = [...members].sort((left, right) => left.offset - right.offset);
  if (inFileOrder[0]?.offset !== 0) {
    throw new ArchiveRejected(
      'there is data before the beginning of the zip; pack it again, without a prefix',
    );
  }
  const starts = new Map<ZipMember, number>();
  for (const [index, member] of inFileOrder.entries()) {
    const end = inFileOrder[index + 1]?.offset ?? directoryStart;
    starts.set(member, await checkLocalEntry(file, member, end));
  }
  return starts;
}

async function readContents(
  path: string,
  members: readonly ZipMember[],
  starts: ReadonlyMap<ZipMember, number>,
  budget: UnpackBudget,
  { wants, store }: ZipOptions,
): Promise<Omit<ZipListing, 'comment'>> {
  const entries: ZipListing['entries'][number][] = [];
  const contents = new Map<string, Buffer>();
  let packedBefore = 0;
  let keptBytes = 0;
  for (const member of members) {
    const { name, size, mode } = member;
    const kept: Buffer[] = [];
    const isWanted = !member.isDirectory && (wants?.(name, size) ?? false);
    let left = isWanted ? Math.min(MAX_CONTENT_BYTES, MAX_TOTAL_CONTENT_BYTES - keptBytes) : 0;
    const digest = await readMember(path, member, starts.get(member) ?? 0, packedBefore, budget, (data) => {
      const part = data.subarray(0, left);
      left -= part.length;
      keptBytes += part.length;
      if (part.length > 0) kept.push(Buffer.from(part));
      return store?.(data);
    });
    packedBefore += member.packedSize;
    if (isWanted) contents.set(name, Buffer.concat(kept));
    if (!member.isDirectory) entries.push({ name, size, mode, digest });
  }
  return { entries, h1: directoryHash(entries), contents, unpackedBytes: budget.unpackedBytes };
}

/** SHA-256 of the content. */
async function readMember(
  path: string,
  member: ZipMember,
  start: number,
  packedBefore: number,
  budget: UnpackBudget,
  keep: (data: Buffer) => Promise<void> | undefined,
): Promise<string> {
  const hash = new Sha256Hash();
  let crc = 0;
  let size = 0;
  for await (const { data, packed } of contentOf(path, member, start)) {
    size += data.length;
    budget.addFileBytes(data.length);
    budget.checkProgress(budget.unpackedBytes, packedBefore + packed);
    if (size > member.size) {
      break;
    }
    crc = crc32(data, crc);
    hash.update(data);
    await keep(data);
  }
  if (size !== member.size || crc !== member.crc32) {
    throw new ArchiveRejected(
      `the content of entry ${quoteEntry(member.name)} does not fit its size and checksum; pack the zip again`,
    );
  }
  return hash.hex();
}

async function* contentOf(path: string, member: ZipMember, start: number): AsyncGenerator<InflatedChunk> {
  if (member.method !== 0) {
    yield* inflateRange(path, start, member.packedSize);
  } else if (member.packedSize > 0) {
    const source = createReadStream(path, {
      start,
      end: start + member.packedSize - 1,
      highWaterMark: CHUNK_BYTES,
    });
    let packed = 0;
    for await (const data of source) {
      packed += (data as Buffer).length;
      yield { data: data as Buffer, packed };
    }
  }
}
