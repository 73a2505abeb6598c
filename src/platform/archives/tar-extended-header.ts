import { ArchiveRejected } from './archives.errors.js';
import { quoteEntry } from './entry-path.js';
import type { TarHeader } from './tar-header.js';

const MALFORMED = 'a PAX header is malformed; pack the archive again';
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;
const LONGEST_LENGTH_FIELD = 8;
const HEADER_NAME_BYTES = 100;
/** Records that change what the content of a file is; readers that do not know them see another file. */
const SPARSE = /^(?:GNU\.sparse\.|SCHILY\.realsize$)/;
const UTF8_CHARSETS = new Set(['ISO-IR 10646 2000 UTF-8', 'BINARY']);

/** The PAX and GNU headers that stand before an entry and change its name. */
export class TarExtendedHeader {
  private records: Map<string, Buffer> | undefined;
  private longName: Buffer | undefined;
  private longTarget: Buffer | undefined;

  /** `allowsLinks`: whether headers may say where a link leads. */
  constructor(private readonly allowsLinks = false) {}

  /** True while a header waits for its entry. */
  get isPending(): boolean {
    return this.records !== undefined || this.longName !== undefined;
  }

  /** Takes the content of a PAX header (`x`). Throws {@link ArchiveRejected}. */
  addPax(payload: Buffer): void {
    if (this.records !== undefined) {
      throw new ArchiveRejected('an entry has two PAX headers; pack the archive again');
    }
    this.records = parsePaxRecords(payload);
    for (const [key, value] of this.records) {
      if (SPARSE.test(key)) {
        throw new ArchiveRejected('an entry is a sparse file; pack without "--sparse"');
      }
      if (key === 'linkpath' && !this.allowsLinks) {
        throw new ArchiveRejected('an entry is a link; links are not accepted, pack a copy instead');
      }
      if (key === 'hdrcharset' && !UTF8_CHARSETS.has(value.toString('latin1'))) {
        throw new ArchiveRejected('a PAX header has names that are not UTF-8; pack the archive again');
      }
    }
  }

  /** Takes the content of a GNU long name (`L`). Throws {@link ArchiveRejected}. */
  addLongName(payload: Buffer): void {
    if (this.longName !== undefined) {
      throw new ArchiveRejected('an entry has two long names; pack the archive again');
    }
    const name = payload.at(-1) === 0 ? payload.subarray(0, -1) : payload;
    if (name.length === 0 || name.includes(0)) {
      throw new ArchiveRejected(`the name of entry ${quoteEntry(name)} contains a NUL; rename it`);
    }
    this.longName = name;
  }

  /** What the global header (`g`) of `git archive` says: the commit. Throws {@link ArchiveRejected} for everything else. */
  static readComment(payload: Buffer): string {
    const records = parsePaxRecords(payload);
    const comment = records.get('comment');
    if (comment === undefined || records.size > 1) {
      throw new ArchiveRejected('a global PAX header says more than a comment; pack the archive again');
    }
    return comment.toString('latin1');
  }

  /**
   * Where a link leads whose header was resolved last: its own text, or what an extended header said. Throws
   * {@link ArchiveRejected} when both are different although the header could have held it.
   */
  resolveTarget(header: TarHeader): Buffer {
    const target = this.longTarget;
    this.longTarget = undefined;
    if (target === undefined) return header.linkname;
    if (!target.equals(header.linkname) && fitsHeader(target)) {
      throw new ArchiveRejected(
        `the link ${quoteEntry(header.name)} leads to two places; pack the archive again`,
      );
    }
    return target;
  }

  /**
   * The name of the entry whose header follows, and forgets what was pending. Throws {@link ArchiveRejected} when
   * header and extended header disagree about size, or about a name that the header could have held.
   */
  resolveName(header: TarHeader): Buffer {
    const { records, longName } = this;
    this.records = undefined;
    this.longName = undefined;
    this.longTarget = records?.get('linkpath');
    const size = records?.get('size')?.toString('latin1');
    if (size !== undefined && (!DECIMAL.test(size) || Number(size) !== header.size)) {
      throw new ArchiveRejected(
        `entry ${quoteEntry(header.name)} has two different sizes; pack the archive again`,
      );
    }
    const path = records?.get('path');
    if (path !== undefined && longName !== undefined) {
      throw new ArchiveRejected(`entry ${quoteEntry(path)} has two long names; pack the archive again`);
    }
    const name = path ?? longName ?? header.name;
    if (!withoutSlash(name).equals(withoutSlash(header.name)) && fitsHeader(name)) {
      throw new ArchiveRejected(
        `entry ${quoteEntry(name)} is called ${quoteEntry(header.name)} as well; pack the archive again`,
      );
    }
    return name;
  }
}

/** Writers put a name into an extended header when it is too long for the header or not ASCII. */
function fitsHeader(name: Buffer): boolean {
  return name.length <= HEADER_NAME_BYTES && name.every((byte) => byte > 0 && byte < 0x80);
}

function withoutSlash(name: Buffer): Buffer {
  return name.at(-1) === 0x2f ? name.subarray(0, -1) : name;
}

/** Records are `<length> <key>=<value>\n`, the length counting itself. */
function parsePaxRecords(payload: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  let rest = payload;
  while (rest.length > 0) {
    const space = rest.subarray(0, LONGEST_LENGTH_FIELD).indexOf(0x20);
    const digits = rest.toString('latin1', 0, Math.max(space, 0));
    const length = DECIMAL.test(digits) ? Number(digits) : 0;
    const equals = rest.subarray(0, length).indexOf(0x3d);
    if (length > rest.length || equals <= space + 1 || rest[length - 1] !== 0x0a) {
      throw new ArchiveRejected(MALFORMED);
    }
    const key = rest.toString('latin1', space + 1, equals);
    const value = rest.subarray(equals + 1, length - 1);
    if (records.has(key) || (value.length === 0 && (key === 'path' || key === 'size'))) {
      throw new ArchiveRejected(MALFORMED);
    }
    records.set(key, value);
    rest = rest.subarray(length);
  }
  return records;
}
