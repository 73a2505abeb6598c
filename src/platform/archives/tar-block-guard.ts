import type { ArchiveLimits } from './archive-limits.js';
import { ArchiveRejected } from './archives.errors.js';
import { checkEntryPath, decodeEntryName, quoteEntry } from './entry-path.js';
import { EntryTree } from './entry-tree.js';
import { TarExtendedHeader } from './tar-extended-header.js';
import { readTarHeader, TAR_BLOCK_BYTES, type TarHeader } from './tar-header.js';
import type { UnpackBudget } from './unpack-budget.js';

/** A file or directory that has passed all checks. */
export interface GuardedEntry {
  /** The name as it stands in the archive, extended headers applied. */
  readonly storedName: string;
  /** The same without a leading `./` and a trailing `/`; empty for the root itself. */
  readonly name: string;
  readonly type: 'file' | 'directory' | 'link';
  readonly size: number;
  readonly mode: number;
  /** Where a link leads, as it stands there. */
  readonly target?: string;
}

/** What else than files and directories of its own an archive may have. */
export interface TarAllowances {
  /** What `git archive` writes: symbolic links, and a global header at the beginning with a comment. */
  readonly gitArchive?: boolean;
}

const MAX_END_PADDING_BYTES = 1024 * 1024;
const ZERO_BLOCK = Buffer.alloc(TAR_BLOCK_BYTES);
const SPECIAL_MODE_BITS = 0o7000;

const REFUSED_TYPES: Readonly<Record<string, string>> = {
  '1': 'a hard link; links are not accepted, pack a copy instead',
  '2': 'a symbolic link; links are not accepted, pack a copy instead (e.g. with "tar --dereference")',
  K: 'a link; links are not accepted, pack a copy instead',
  '3': 'a character device; leave it out',
  '4': 'a block device; leave it out',
  '6': 'a named pipe; leave it out',
  '7': 'a contiguous file; pack it as an ordinary file',
  S: 'a sparse file; pack without "--sparse"',
  g: 'a global PAX header, which "git archive HEAD" writes; use "git archive HEAD^{tree}" or "tar -czf"',
  V: 'a volume label; pack without "--label"',
  M: 'a part of a multi-volume archive; pack everything in one archive',
  D: 'part of an incremental backup; pack without "--incremental"',
};

/**
 * Looks at every 512-byte block of an unpacked tar before the parser gets it, and refuses what parsers hide or
 * disagree about (threat rows D1–D3, D5–D10 and D12): kinds of entries, names, sizes, header sizes, what follows
 * the end of the archive. Content of files passes by unlooked at.
 */
export class TarBlockGuard {
  /** In the order of the archive. */
  readonly entries: GuardedEntry[] = [];

  private readonly tree = new EntryTree();
  private readonly extended: TarExtendedHeader;
  private readonly allowsGit: boolean;
  private target = Buffer.alloc(TAR_BLOCK_BYTES);
  private filled = 0;
  private metadata: { readonly typeflag: string; readonly size: number } | undefined;
  /** Of the entry that passes, with the padding behind it. */
  private contentLeft = 0;
  private paddingLeft = 0;
  private headers = 0;
  private metadataBytes = 0;
  private zeroBlocks = 0;
  private globalComment: string | undefined;

  constructor(
    private readonly limits: ArchiveLimits,
    private readonly budget: UnpackBudget,
    { gitArchive = false }: TarAllowances = {},
  ) {
    this.allowsGit = gitArchive;
    this.extended = new TarExtendedHeader(gitArchive);
  }

  /** What the global header says, if there is one. */
  get comment(): string | undefined {
    return this.globalComment;
  }

  /** Takes the next bytes; `take` gets the content of files, in order. Throws {@link ArchiveRejected}. */
  inspect(chunk: Buffer, take?: (content: Buffer) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.contentLeft > 0) {
        const passed = Math.min(this.contentLeft, chunk.length - at);
        const content = Math.min(passed, this.contentLeft - this.paddingLeft);
        if (content > 0) take?.(chunk.subarray(at, at + content));
        this.contentLeft -= passed;
        at += passed;
        continue;
      }
      const copied = chunk.copy(this.target, this.filled, at);
      this.filled += copied;
      at += copied;
      if (this.filled === this.target.length) {
        this.takeTarget();
      }
    }
  }

  /** Says that all bytes have been given. Throws {@link ArchiveRejected} unless the archive ended as it should. */
  end(): void {
    if (this.filled > 0 || this.contentLeft > 0 || this.metadata !== undefined || this.zeroBlocks < 2) {
      throw new ArchiveRejected(
        this.headers === 0 && this.zeroBlocks === 0
          ? 'the archive is empty; pack the files of the module'
          : 'the tar ends before its end mark; pack it again and upload the whole file',
      );
    }
    if (!this.entries.some((entry) => entry.type === 'file')) {
      throw new ArchiveRejected('the archive has no files; pack the files of the module');
    }
  }

  private takeTarget(): void {
    const block = this.target;
    const { metadata } = this;
    this.filled = 0;
    if (metadata !== undefined) {
      this.metadata = undefined;
      this.target = Buffer.alloc(TAR_BLOCK_BYTES);
      this.takeMetadata(metadata.typeflag, block.subarray(0, metadata.size));
    } else if (block.equals(ZERO_BLOCK)) {
      this.takeZeroBlock();
    } else {
      this.takeHeader(block);
    }
  }

  private takeZeroBlock(): void {
    this.zeroBlocks += 1;
    if (this.extended.isPending) {
      throw new ArchiveRejected('an extended header has no entry; pack the archive again');
    }
    if (this.zeroBlocks * TAR_BLOCK_BYTES > MAX_END_PADDING_BYTES) {
      throw new ArchiveRejected('more than 1 MiB of zeros follow the end of the tar; pack it again');
    }
  }

  private takeHeader(block: Buffer): void {
    if (this.zeroBlocks > 0) {
      throw new ArchiveRejected(
        'there is data after the end mark of the tar; pack everything in one archive',
      );
    }
    const header = readTarHeader(block);
    this.headers += 1;
    this.budget.checkEntries(this.headers);
    const isOfGit =
      this.allowsGit && (header.typeflag === '2' || (header.typeflag === 'g' && this.headers === 1));
    const refusal = REFUSED_TYPES[header.typeflag];
    if (refusal !== undefined && !isOfGit) {
      throw new ArchiveRejected(`entry ${quoteEntry(header.name)} is ${refusal}`);
    }
    switch (header.typeflag) {
      case 'x':
      case 'L':
      case 'g':
        return this.expectMetadata(header);
      case '0':
      case '5':
      case '2':
      case '\0':
        return this.takeEntry(header);
      default:
        throw new ArchiveRejected(
          `entry ${quoteEntry(header.name)} has the unknown type ${quoteEntry(header.typeflag)}; pack only files and folders`,
        );
    }
  }

  private expectMetadata({ typeflag, size }: TarHeader): void {
    this.metadataBytes += size;
    if (size > this.limits.maxHeaderBytes || this.metadataBytes > this.limits.maxTotalHeaderBytes) {
      throw new ArchiveRejected(
        'the extended headers are too large; pack without extended attributes, e.g. with "tar --format=ustar"',
      );
    }
    if (size === 0) {
      throw new ArchiveRejected('an extended header is empty; pack the archive again');
    }
    this.metadata = { typeflag, size };
    this.target = Buffer.alloc(padded(size));
  }

  private takeMetadata(typeflag: string, payload: Buffer): void {
    if (typeflag === 'g') {
      this.globalComment = TarExtendedHeader.readComment(payload);
    } else if (typeflag === 'x') {
      this.extended.addPax(payload);
    } else {
      this.extended.addLongName(payload);
    }
  }

  private takeEntry(header: TarHeader): void {
    const storedName = decodeEntryName(this.extended.resolveName(header));
    const hasSlash = storedName.endsWith('/');
    const isDirectory = header.typeflag === '5' || (header.typeflag === '\0' && hasSlash);
    const isLink = header.typeflag === '2';
    const target = this.extended.resolveTarget(header);
    if ((!isDirectory && hasSlash) || ((isDirectory || isLink) && header.size !== 0)) {
      throw new ArchiveRejected(
        `entry ${quoteEntry(storedName)} is a file and a directory at once; pack it again`,
      );
    }
    if ((header.mode & SPECIAL_MODE_BITS) !== 0) {
      throw new ArchiveRejected(
        `entry ${quoteEntry(storedName)} has the setuid, setgid or sticky bit; remove it with "chmod ug-s,-t"`,
      );
    }
    const type = isDirectory ? 'directory' : isLink ? 'link' : 'file';
    const name = plainName(storedName);
    if (name !== '' || !isDirectory) {
      checkEntryPath(name);
      this.tree.add(name, isDirectory ? 'directory' : 'file');
    }
    this.budget.addFileBytes(header.size);
    const { size, mode } = header;
    this.entries.push({
      storedName,
      name,
      type,
      size,
      mode,
      ...(isLink && { target: decodeTarget(target, name) }),
    });
    this.contentLeft = padded(size);
    this.paddingLeft = this.contentLeft - size;
  }
}

/** `./a/b/` and `a/b` are the same place: "tar -C folder ." writes the first. */
function plainName(storedName: string): string {
  let name = storedName.endsWith('/') ? storedName.slice(0, -1) : storedName;
  while (name.startsWith('./')) {
    name = name.slice(2);
  }
  return name === '.' ? '' : name;
}

/** Where a link leads. Throws {@link ArchiveRejected} unless it is printable UTF-8. */
function decodeTarget(raw: Buffer, name: string): string {
  try {
    return decodeEntryName(raw);
  } catch (error) {
    if (!(error instanceof ArchiveRejected)) throw error;
    throw new ArchiveRejected(`the link ${quoteEntry(name)} leads to no name; leave it out`);
  }
}

function padded(size: number): number {
  return Math.ceil(size / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
}
