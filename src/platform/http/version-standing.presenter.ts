import type { VersionState } from '../../kernel/terraform/version-life.js';
import type { VersionStateDto } from './version-standing.dto.js';

/** The answer to a restore, which says to what the version is back. */
export function presentRestored(state: VersionState): VersionStateDto {
  const message =
    state === 'deleted'
      ? 'Quarantine of the deleted version lifted successfully'
      : 'Version restored successfully';
  return { message, state };
}
