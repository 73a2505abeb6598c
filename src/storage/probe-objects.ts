import { isUuid } from '../kernel/uuid.js';

/** Where objects are that a connectivity test writes, reads and deletes. */
export const PROBES_ROOT = 'probe/';

/** Whether `path` is one of them: `probe/<uuid>`. */
export function isProbeObject(path: string): boolean {
  return path.startsWith(PROBES_ROOT) && isUuid(path.slice(PROBES_ROOT.length));
}
