/** Which entries are wanted; absent fields do not restrict. Texts are parts, in any case of letters. */
export interface AuditFilter {
  readonly action?: string | undefined;
  readonly resourceType?: string | undefined;
  readonly userId?: string | undefined;
  readonly userEmail?: string | undefined;
  /** Both inclusive. */
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
}

/** Whose entries a caller sees: everything, or those of these organizations. */
export type AuditVisibility = 'all' | readonly string[];
