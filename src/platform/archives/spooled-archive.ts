import type { FileHandle } from 'node:fs/promises';
import type { ArchiveLimits } from './archive-limits.js';
import { unpackGzipMember } from './gzip-member.js';
import { TarBlockGuard } from './tar-block-guard.js';
import { UnpackBudget } from './unpack-budget.js';
import { readZip } from './zip-reader.js';

/** A file of an archive whose content was spooled. */
export interface SpooledFile {
  /** Relative, without `./` before it. */
  readonly name: string;
  /** Where the content begins in the spool file, and how long it is. */
  readonly offset: number;
  readonly size: number;
  readonly isExecutable: boolean;
}

/** An archive whose files stand behind one another in one spool file: no name of it is a name on this machine. */
export interface SpooledArchive {
  readonly files: readonly SpooledFile[];
  /** Symbolic links; where they lead is not checked. */
  readonly links: readonly { readonly name: string; readonly target: string }[];
  /** What the global header of a tar or the end of a zip says: for `git archive`, the commit. */
  readonly comment?: string;
}

const OWNER_EXECUTES = 0o100;

/**
 * Writes the files of a gzip-compressed tar to `spool`, in constant memory. Takes what `git archive` makes: links and a
 * global header with a comment. Throws `ArchiveRejected` for everything else that breaks a rule.
 */
export async function spoolTarGz(
  path: string,
  limits: ArchiveLimits,
  spool: FileHandle,
  signal?: AbortSignal,
): Promise<SpooledArchive> {
  const budget = new UnpackBudget(limits);
  const guard = new TarBlockGuard(limits, budget, { gitArchive: true });
  for await (const chunk of unpackGzipMember(path, budget)) {
    signal?.throwIfAborted();
    const contents: Buffer[] = [];
    guard.inspect(chunk, (content) => contents.push(content));
    if (contents.length > 0) await spool.appendFile(Buffer.concat(contents));
  }
  guard.end();
  const links = guard.entries.flatMap(({ name, target }) => (target === undefined ? [] : [{ name, target }]));
  const files = placed(guard.entries.filter(({ type }) => type === 'file'));
  return { files, links, ...(guard.comment !== undefined && { comment: guard.comment }) };
}

/** The same for a zip, in which links are refused. */
export async function spoolZip(
  path: string,
  limits: ArchiveLimits,
  spool: FileHandle,
  signal?: AbortSignal,
): Promise<SpooledArchive> {
  const { entries, comment } = await readZip(path, limits, {
    allowDirectories: true,
    async store(content) {
      signal?.throwIfAborted();
      await spool.appendFile(content);
    },
  });
  return { files: placed(entries), links: [], ...(comment !== '' && { comment }) };
}

/** Where the content of each file begins, when all stand behind one another in this order. */
function placed(entries: readonly { name: string; size: number; mode: number }[]): SpooledFile[] {
  let offset = 0;
  return entries.map(({ name, size, mode }) => {
    const file = { name, offset, size, isExecutable: (mode & OWNER_EXECUTES) !== 0 };
    offset += size;
    return file;
  });
}
