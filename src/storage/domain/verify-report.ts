/** What can be wrong in the storage, by name. */
export const FINDING_KINDS = {
  'missing-blob': 'a committed artifact has no bytes',
  'wrong-digest': 'the bytes are not those of the digest',
  'wrong-size': 'the size of the bytes differs from that of the artifact',
  'unreadable-blob': 'the store has something else than a file of its own there, or refuses to open it',
  'orphan-blob': 'bytes without an artifact',
  'foreign-object': 'an object that this registry did not write',
  'unknown-epoch': 'the storage was used with another state of the database, or by another registry',
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
  /** The storage in which it is; absent when it is in none, or is one. */
  readonly storage?: string;
  /** What was expected and what was found. */
  readonly detail?: string;
}

/** How far a verification is. */
export interface VerifyProgress {
  readonly artifacts: number;
  readonly bytes: number;
  readonly findings: number;
}

/** What was read of one storage. */
export interface VerifiedStorage {
  readonly storage: string;
  /** Artifacts whose bytes were read and hashed. */
  readonly artifacts: number;
  /** Objects found in the store. */
  readonly objects: number;
  readonly bytes: number;
  /** Why it could not be read to its end; the other numbers say how far it came. */
  readonly problem?: string;
}

/** The result of a verification: in all, and storage by storage. */
export interface VerifyReport extends Omit<VerifiedStorage, 'storage' | 'problem'> {
  readonly storages: readonly VerifiedStorage[];
  readonly durationMs: number;
  readonly findings: readonly Finding[];
}

/** Whether some storage could not be read, so that the report says nothing about the rest of it. */
export function isIncomplete({ storages }: VerifyReport): boolean {
  return storages.some(({ problem }) => problem !== undefined);
}

/** The report as text for a terminal: one line per finding and per storage that could not be read, then a summary. */
export function formatVerifyReport(report: VerifyReport): string {
  const lines = report.findings.map(({ kind, subject, storage, detail }) => {
    const facts = [storage && `in ${storage}`, detail].filter(Boolean).join(', ');
    return `${kind}: ${subject}${facts ? ` (${facts})` : ''}: ${FINDING_KINDS[kind]}`;
  });
  const unread = report.storages.flatMap(({ storage, problem }) =>
    problem === undefined ? [] : [`${storage} could not be read: ${problem}`],
  );
  const { artifacts, objects, bytes, durationMs, findings } = report;
  const seconds = (durationMs / 1000).toFixed(1);
  const read = `${artifacts} artifacts and ${objects} objects checked, ${bytes} bytes read in ${seconds} s`;
  const nothing = unread.length === 0 ? 'nothing wrong' : 'nothing wrong in what was read';
  return [
    ...lines,
    ...unread,
    `${read}: ${findings.length === 0 ? nothing : `${findings.length} findings`}`,
  ].join('\n');
}
