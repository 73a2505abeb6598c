import type { LimitsConfig } from '../config/limits.config.js';
import { type ArchiveLimits, HEADER_LIMITS } from '../platform/archives/archive-limits.js';

const TIMEOUT_MS = 60_000;

/** What the archive of a module may take, wherever it comes from and whatever it is read for. */
export function moduleArchiveLimits(limits: LimitsConfig): ArchiveLimits {
  return {
    ...HEADER_LIMITS,
    maxPackedBytes: limits.moduleMaxBytes,
    maxUnpackedBytes: limits.moduleMaxUnpackedBytes,
    maxEntries: limits.moduleMaxEntries,
    timeoutMs: TIMEOUT_MS,
  };
}
