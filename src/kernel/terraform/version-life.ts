/** Where a version is in its life (REST contract 30.1). A deleted version stays as a tombstone. */
export type VersionState = 'active' | 'withdrawn' | 'quarantined' | 'deleted';

/** What happened to a published version of a module or provider, and who published it. */
export interface VersionLife {
  readonly state: VersionState;
  readonly stateReason: string | null;
  readonly publishedBy: string | null;
  readonly publishedByName: string | null;
  readonly publishedAt: Date;
  /** A mark beside the state: the version works, and should not be used any more. */
  readonly deprecatedAt: Date | null;
  readonly deprecationMessage: string | null;
  /** An address of this registry to use instead. */
  readonly replacement: string | null;
  readonly createdAt: Date;
}
