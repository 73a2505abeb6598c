/** What an archive may cost. All sizes are bytes and are counted on what really comes out. */
export interface ArchiveLimits {
  /** Size of the file as uploaded. */
  readonly maxPackedBytes: number;
  /** Content of all files together. */
  readonly maxUnpackedBytes: number;
  /** Files, directories and extended headers together. */
  readonly maxEntries: number;
  /** Extended headers of one tar entry; name, extra fields and comment of one zip entry. */
  readonly maxHeaderBytes: number;
  /** The same for the whole archive. */
  readonly maxTotalHeaderBytes: number;
  /** Unpacked bytes per packed byte, looked at once more than 4 MiB have come out. */
  readonly maxRatio: number;
  /** Longest time to read the archive, in milliseconds. */
  readonly timeoutMs: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The limits that do not depend on settings. */
export const HEADER_LIMITS = { maxHeaderBytes: 64 * KIB, maxTotalHeaderBytes: MIB, maxRatio: 200 } as const;

/** `1048576` as `1 MiB`, for sentences. */
export function describeBytes(bytes: number): string {
  if (bytes >= MIB) {
    return `${Math.round((bytes / MIB) * 10) / 10} MiB`;
  }
  return bytes >= KIB ? `${Math.round((bytes / KIB) * 10) / 10} KiB` : `${bytes} bytes`;
}
