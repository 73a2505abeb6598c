/** What can be wrong in the storage, by name. */
export const FINDING_KINDS = {
  'missing-blob': 'a committed artifact has no bytes',
  'wrong-digest': 'the bytes are not those of the digest',
  'wrong-size': 'the size of the bytes differs from that of the artifact',
  'unreadable-blob': 'the store has something else than a file of its own there, or refuses to open it',
  'orphan-blob': 'bytes without an artifact',
  'foreign-object': 'an object that this registry did not write',
  'key-mismatch': 'the key of an artifact does not name its digest',
  'referenced-not-committed': 'something refers to an artifact that is not committed',
  'stale-staged': 'an artifact was staged and never committed, and the sweep has not removed it',
  'stale-doomed': 'an artifact was to be removed, and the sweep has not done it',
  'other-storage': 'artifacts of a storage that is not configured',
  'reference-differs': 'a version or package says another digest, size or file name than its artifact',
  'document-differs': 'a document in the database differs from its artifact',
  'deletion-left': 'a deletion was begun and not finished',
  'stale-temp-file': 'a temporary file that nobody uses any more',
} as const;

export type FindingKind = keyof typeof FINDING_KINDS;

/** One thing that is wrong. */
export interface Finding {
  readonly kind: FindingKind;
  /** What it is about: an object path, or a table and row. */
  readonly subject: string;
  /** What was expected and what was found. */
  readonly detail?: string;
}

/** How far a verification is. */
export interface VerifyProgress {
  readonly artifacts: number;
  readonly bytes: number;
  readonly findings: number;
}

/** The result of a verification. */
export interface VerifyReport extends Omit<VerifyProgress, 'findings'> {
  /** Artifacts whose bytes were read and hashed. */
  readonly artifacts: number;
  /** Objects found in the store. */
  readonly objects: number;
  readonly bytes: number;
  readonly durationMs: number;
  readonly findings: readonly Finding[];
}

/** The report as text for a terminal: one line per finding, a summary at the end. */
export function formatVerifyReport(report: VerifyReport): string {
  const lines = report.findings.map(
    ({ kind, subject, detail }) =>
      `${kind}: ${subject}${detail ? ` (${detail})` : ''}: ${FINDING_KINDS[kind]}`,
  );
  const { artifacts, objects, bytes, durationMs, findings } = report;
  const seconds = (durationMs / 1000).toFixed(1);
  const read = `${artifacts} artifacts and ${objects} objects checked, ${bytes} bytes read in ${seconds} s`;
  return [
    ...lines,
    `${read}: ${findings.length === 0 ? 'nothing wrong' : `${findings.length} findings`}`,
  ].join('\n');
}
