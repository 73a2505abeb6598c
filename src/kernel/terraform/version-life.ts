/** Where a version is in its life (REST contract 30.1). A deleted version stays as a tombstone. */
export type VersionState = 'active' | 'withdrawn' | 'quarantined' | 'deleted';

/** What becomes of the download of a withdrawn version: it works for those who ask, or is refused with the reason. */
export type WithdrawMode = 'hide' | 'refuse';

/** What decides where a version is listed and whether it can be downloaded. */
export interface VersionStanding {
  readonly state: VersionState;
  /** Why the version is in its state; `null` for an active one. */
  readonly stateReason: string | null;
  /** Set for a withdrawn version, and kept while it is quarantined: a restored one is withdrawn again. */
  readonly withdrawMode: WithdrawMode | null;
  readonly withdrawReason: string | null;
  /** Since when the version is quarantined; a tombstone keeps it, and does not come back until it is restored. */
  readonly quarantinedAt: Date | null;
}

/** What happened to a published version of a module or provider, and who published it. */
export interface VersionLife extends VersionStanding {
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

/** The life of a version in the words of the audit log. */
export function lifeFacts(life: VersionLife): Record<string, unknown> {
  return {
    state: life.state,
    state_reason: life.stateReason,
    withdraw_mode: life.withdrawMode,
    quarantined_at: life.quarantinedAt,
    deprecated_at: life.deprecatedAt,
    deprecation_message: life.deprecationMessage,
    replacement: life.replacement,
  };
}
