import { ArchiveRejected } from './archives.errors.js';

const ZIP64 = 0x0001;
const UNICODE_PATH = 0x7075;

/**
 * The content of the zip64 extra field, when there is one. Throws {@link ArchiveRejected} for extra fields that
 * are malformed, occur twice, or give the entry a second name.
 */
export function readZip64Field(extra: Buffer, quotedName: string): Buffer | undefined {
  const seen = new Set<number>();
  let zip64: Buffer | undefined;
  let at = 0;
  while (at < extra.length) {
    const id = at + 4 <= extra.length ? extra.readUInt16LE(at) : -1;
    const end = id === -1 ? Number.POSITIVE_INFINITY : at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length || seen.has(id)) {
      throw new ArchiveRejected(`entry ${quotedName} has malformed extra fields; pack it again`);
    }
    if (id === UNICODE_PATH) {
      throw new ArchiveRejected(`entry ${quotedName} has a second name; pack it again with UTF-8 names`);
    }
    if (id === ZIP64) {
      zip64 = extra.subarray(at + 4, end);
    }
    seen.add(id);
    at = end;
  }
  return zip64;
}
