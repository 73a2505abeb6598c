import { DomainError } from '../../../kernel/errors.js';
import { ObjectNotFound, ObjectStoreRejected, ObjectStoreUnavailable } from '../../object-store.errors.js';

/** The file system says: nothing of this name, or a file where the path needs a directory. */
const MISSING = new Set(['ENOENT', 'ENOTDIR']);

/** The file system says: not with these permissions, or (`ELOOP`) a link stands where a file belongs. */
const REFUSED = new Set(['EACCES', 'EPERM', 'ELOOP', 'EISDIR', 'ENAMETOOLONG', 'EINVAL']);

/** The system error code of `error`, e.g. `ENOSPC`. */
export function systemCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** Whether `error` says that a name does not exist. */
export function saysMissing(error: unknown): boolean {
  return MISSING.has(systemCode(error) ?? '');
}

/**
 * Sorts a failure of the file system. Everything that is not known to be permanent (full disk, quota, I/O
 * error, too many open files, read-only after an error) is `ObjectStoreUnavailable`. Abortion by the caller
 * and errors that are sorted already come back as they are.
 */
export function sortedError(error: unknown, operation: string): Error {
  if (error instanceof DomainError) return error;
  if (error instanceof Error && error.name === 'AbortError') return error;
  const code = systemCode(error) ?? '';
  if (MISSING.has(code)) return new ObjectNotFound({ cause: error });
  if (REFUSED.has(code)) return new ObjectStoreRejected('denied', undefined, { cause: error });
  return new ObjectStoreUnavailable(`${operation} ${code}`.trim(), { cause: error });
}
