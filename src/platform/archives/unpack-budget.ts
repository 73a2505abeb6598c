import { describeBytes, type ArchiveLimits } from './archive-limits.js';
import { ArchiveRejected } from './archives.errors.js';

/** Below this much output a high ratio harms nobody: small repetitive files reach it. */
const RATIO_FLOOR_BYTES = 4 * 1024 * 1024;

/** Keeps account of one reading of an archive: time, ratio and unpacked bytes. */
export class UnpackBudget {
  private readonly startedAtMs = performance.now();
  private fileBytes = 0;

  constructor(private readonly limits: ArchiveLimits) {}

  /** Bytes of files counted so far. */
  get unpackedBytes(): number {
    return this.fileBytes;
  }

  /** Throws {@link ArchiveRejected} when `packed` is more than may be uploaded. */
  checkPacked(packed: number): void {
    if (packed > this.limits.maxPackedBytes) {
      throw new ArchiveRejected(
        `the archive is larger than ${describeBytes(this.limits.maxPackedBytes)}; leave out what is not needed`,
      );
    }
  }

  /** Throws {@link ArchiveRejected} when `unpacked` bytes from `packed` ones are too many, or the time is up. */
  checkProgress(unpacked: number, packed: number): void {
    const { maxRatio, timeoutMs } = this.limits;
    if (unpacked > RATIO_FLOOR_BYTES && unpacked > maxRatio * packed) {
      throw new ArchiveRejected(
        `the archive unpacks to more than ${maxRatio} times its size; leave out such files`,
      );
    }
    if (performance.now() - this.startedAtMs > timeoutMs) {
      throw new ArchiveRejected(
        `reading the archive takes longer than ${timeoutMs / 1000} s; make it smaller`,
      );
    }
  }

  /** Counts bytes of files. Throws {@link ArchiveRejected} when they are too many. */
  addFileBytes(bytes: number): void {
    this.fileBytes += bytes;
    if (this.fileBytes > this.limits.maxUnpackedBytes) {
      throw new ArchiveRejected(
        `the archive unpacks to more than ${describeBytes(this.limits.maxUnpackedBytes)}; leave out what is not needed`,
      );
    }
  }

  /** Throws {@link ArchiveRejected} when `entries` are too many. */
  checkEntries(entries: number): void {
    if (entries > this.limits.maxEntries) {
      throw new ArchiveRejected(
        `the archive has more than ${this.limits.maxEntries} entries; leave out what is not needed`,
      );
    }
  }
}
