import { MirrorFailure } from '../domain/mirror.errors.js';

/** Whether writing failed because the disk has no room. */
export function isDiskFull(error: unknown): boolean {
  return (
    !(error instanceof MirrorFailure) &&
    ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
  );
}
