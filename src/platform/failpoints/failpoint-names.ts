/** The crash points of the product, in the order in which a publish passes them; the sweep and the scrub have their own. */
export const FAILPOINT_NAMES = [
  'upload-temp-open',
  'upload-mid-body',
  'upload-complete',
  'before-stage-row',
  'after-stage-row',
  'before-blob-fsync',
  'after-blob-fsync',
  'before-blob-link',
  'after-blob-link',
  'after-blob-put',
  'before-publish-tx',
  'after-version-insert',
  'after-sums-rebuilt',
  'before-commit',
  'after-commit-before-reply',
  'sweep-mark',
  'sweep-delete',
  'scrub-second-look',
  'scrub-flag',
  'repair-marked',
  'repair-removed',
  'repair-put',
] as const;

export type FailpointName = (typeof FAILPOINT_NAMES)[number];
