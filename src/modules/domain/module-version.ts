import type { PublishedFrom } from '../../access/principal.js';
import type { VersionLife } from '../../kernel/terraform/version-life.js';

/** One published version of a module. Its bytes never change; a tombstone keeps number and digest. */
export interface ModuleVersion extends VersionLife {
  readonly id: string;
  readonly moduleId: string;
  /** Canonical semantic version. */
  readonly version: string;
  /** Text whose bytewise order is the order of precedence. */
  readonly sortKey: string;
  /** The archive; null for a tombstone only. */
  readonly artifactId: string | null;
  /** SHA-256 of the archive, lower-case hex. */
  readonly digest: string;
  readonly sizeBytes: number;
  /** Canonical file name of the archive, as it appears in download URLs. */
  readonly filename: string;
  /** The single top folder of the archive, when the module is not at its root. */
  readonly topFolder: string | null;
  readonly readme: string | null;
  /** From where a pipeline published it. */
  readonly publishedFrom: PublishedFrom | null;
}

/** A version without its README, for lists that may hold thousands. */
export type ModuleVersionSummary = Omit<ModuleVersion, 'readme'>;
