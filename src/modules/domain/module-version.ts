/** Where a version is in its life (REST contract 30.1). A deleted version stays as a tombstone. */
export type VersionState = 'active' | 'withdrawn' | 'quarantined' | 'deleted';

/** One published version of a module. Its bytes never change; a tombstone keeps number and digest. */
export interface ModuleVersion {
  readonly id: string;
  readonly moduleId: string;
  /** Canonical semantic version. */
  readonly version: string;
  /** Text whose bytewise order is the order of precedence. */
  readonly sortKey: string;
  readonly state: VersionState;
  readonly stateReason: string | null;
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
  readonly publishedBy: string | null;
  readonly publishedByName: string | null;
  readonly publishedAt: Date;
  readonly deprecatedAt: Date | null;
  readonly deprecationMessage: string | null;
  readonly replacement: string | null;
  readonly createdAt: Date;
}

/** A version without its README, for lists that may hold thousands. */
export type ModuleVersionSummary = Omit<ModuleVersion, 'readme'>;
