/** When an artifact was last read; the upload counts. The index `ix_artifact_verified` has this expression. */
export const READ_AT = 'coalesce(verified_at, committed_at, staged_at)';

/** `now()` less the milliseconds of parameter `$n`. */
export function since(parameter: number): string {
  return `now() - make_interval(secs => $${parameter}::double precision / 1000)`;
}
