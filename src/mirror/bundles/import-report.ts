import type { BundledRelease } from './bundle-manifest.js';

/** What became of one version of a bundle. */
export interface ImportLine {
  readonly host: string;
  readonly namespace: string;
  readonly type: string;
  readonly version: string;
  /** `present`: every package of it was here already. */
  readonly outcome: 'imported' | 'present' | 'refused';
  /** That were stored now. */
  readonly packages: number;
  readonly bytes: number;
  /** Why it was refused: the code of the error. */
  readonly code?: string;
  readonly message?: string;
}

/** What an import did. */
export interface ImportReport {
  /** `failed` when a version was refused. */
  readonly status: 'success' | 'failed';
  readonly signerFingerprint: string;
  readonly exportedBy: string;
  readonly createdAt: Date;
  readonly imported: number;
  readonly present: number;
  readonly refused: number;
  /** In the order of the bundle. */
  readonly lines: readonly ImportLine[];
}

/** A line about a release. */
export function lineAbout(
  { host, namespace, type, version }: BundledRelease,
  what: Omit<ImportLine, 'host' | 'namespace' | 'type' | 'version'>,
): ImportLine {
  return { host, namespace, type, version: version.text, ...what };
}

/** A line about a release of which nothing was stored. */
export function refusedLine(release: BundledRelease, code: string, message: string): ImportLine {
  return lineAbout(release, { outcome: 'refused', packages: 0, bytes: 0, code, message });
}
