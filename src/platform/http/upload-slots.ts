import { statfs } from 'node:fs/promises';
import { InsufficientSpace, UploadsBusy } from './http.errors.js';

/** Bytes that uploads leave free on the disk of the spool directory. */
const FREE_SPACE_RESERVE_BYTES = 64 * 1024 * 1024;

/** How many uploads run at a time in this process, and how much room they may still need. */
export class UploadSlots {
  private taken = 0;
  private promisedBytes = 0;

  constructor(private readonly maxConcurrent: number) {}

  /** Takes a slot. Throws `UploadsBusy`. */
  take(): void {
    if (this.taken >= this.maxConcurrent) throw new UploadsBusy(this.maxConcurrent);
    this.taken += 1;
  }

  /** Gives the slot back. */
  release(): void {
    this.taken -= 1;
  }

  /**
   * Promises room for `bytes` on the disk of `directory`, beside what running uploads were promised; the returned
   * function ends the promise. Throws `InsufficientSpace`.
   */
  async reserve(directory: string, bytes: number): Promise<() => void> {
    this.promisedBytes += bytes;
    const release = (): void => {
      this.promisedBytes -= bytes;
    };
    const disk = await statfs(directory).catch(() => undefined);
    if (disk && disk.bavail * disk.bsize < this.promisedBytes + FREE_SPACE_RESERVE_BYTES) {
      release();
      throw new InsufficientSpace();
    }
    return release;
  }
}
