import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArchiveLimits } from '../../../src/platform/archives/archive-limits.js';

/** Limits like those of the product, small enough for tests. */
export const TEST_LIMITS: ArchiveLimits = {
  maxPackedBytes: 50 * 1024 * 1024,
  maxUnpackedBytes: 100 * 1024 * 1024,
  maxEntries: 1_000,
  maxHeaderBytes: 64 * 1024,
  maxTotalHeaderBytes: 1024 * 1024,
  maxRatio: 200,
  timeoutMs: 20_000,
};

/** A folder for the archives of one spec file. */
export class ArchiveFiles {
  readonly directory = mkdtempSync(join(tmpdir(), 'archive-spec-'));
  private count = 0;

  /** Writes an archive and returns its path. */
  write(bytes: Buffer): string {
    this.count += 1;
    const path = join(this.directory, `archive-${this.count}`);
    writeFileSync(path, bytes);
    return path;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
