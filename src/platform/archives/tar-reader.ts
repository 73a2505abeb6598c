import type { ArchiveLimits } from './archive-limits.js';
import { unpackGzipMember } from './gzip-member.js';
import { TarBlockGuard } from './tar-block-guard.js';
import { TarContents } from './tar-contents.js';
import { UnpackBudget } from './unpack-budget.js';

/** What is in a tar. Names are relative, without `./` before and `/` after them; the root itself is not listed. */
export interface TarListing {
  readonly entries: readonly {
    readonly name: string;
    readonly type: 'file' | 'directory';
    readonly size: number;
  }[];
  /** Content of the files that were wanted, each cut at 1 MiB, 16 MiB in all. */
  readonly contents: ReadonlyMap<string, Buffer>;
  /** Content of all files together. */
  readonly unpackedBytes: number;
}

/**
 * Reads a gzip-compressed tar in one streaming pass to its very end, so that checksums are checked, and unpacks
 * nothing to disk. `wants` is asked once per file, in the order of the archive, whether to keep its content.
 * Throws `ArchiveRejected` with a reason for everything that breaks a rule (threat rows D1–D12).
 */
export async function readTarGz(
  path: string,
  limits: ArchiveLimits,
  wants: (name: string, size: number) => boolean,
): Promise<TarListing> {
  const budget = new UnpackBudget(limits);
  const guard = new TarBlockGuard(limits, budget);
  const parser = new TarContents(guard.entries, wants);
  try {
    for await (const chunk of unpackGzipMember(path, budget)) {
      guard.inspect(chunk);
      await parser.write(chunk);
    }
    guard.end();
    await parser.end();
  } finally {
    parser.destroy();
  }
  return {
    entries: guard.entries
      .filter((entry) => entry.name !== '')
      .map(({ name, type, size }) => ({ name, type: type === 'directory' ? type : 'file', size })),
    contents: parser.contents,
    unpackedBytes: budget.unpackedBytes,
  };
}
