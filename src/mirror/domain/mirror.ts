/**
 * Whose signatures count: keys that were pinned for the mirror; also HashiCorp's own key; also keys that HashiCorp vouches
 * for as those of partners; also any key at first sight, which is pinned then.
 */
export type KeyTrustLevel = 'pinned' | 'hashicorp' | 'partner' | 'community';

export const KEY_TRUST_LEVELS: readonly KeyTrustLevel[] = ['pinned', 'hashicorp', 'partner', 'community'];

/** When a version that needs an approval gets it without a person. Everything that is set must hold. */
export interface AutoApprovalRules {
  /** Its release is signed by a key that counts already, not by one seen for the first time. */
  readonly signedByTrustedKey?: boolean;
  /** Major and minor number are those of a version that is here. */
  readonly patchOnly?: boolean;
  /** A version filter (REST contract, section 20). */
  readonly versionConstraint?: string;
  /** Days since the version was first seen at the upstream. */
  readonly minAgeDays?: number;
}

/** Something that copies providers of one upstream registry (REST contract, section 20). */
export interface Mirror {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  /** Scheme, host and port. */
  readonly upstreamUrl: string;
  /** Host name, with a port that is not the usual one, in lower case: part of the identity of what is mirrored. */
  readonly upstreamHost: string;
  /** Whether the upstream is asked with a token; the token itself is only for the client of the upstream. */
  readonly hasToken: boolean;
  /** `null`: for everybody who may read anything here. */
  readonly organizationId: string | null;
  readonly namespaceFilter: readonly string[];
  readonly providerFilter: readonly string[];
  /** `''`: all. */
  readonly versionFilter: string;
  /** `os/arch`; empty: all. */
  readonly platformFilter: readonly string[];
  /** Whether filters other than exact versions want pre-releases. */
  readonly withPrereleases: boolean;
  readonly keyTrust: KeyTrustLevel;
  /** Days that a version must have been seen before it is fetched. */
  readonly coolDownDays: number;
  readonly autoApproval: AutoApprovalRules | null;
  /** Whether what is asked for and not here is fetched at once. */
  readonly isPullThrough: boolean;
  /** Namespaces of the upstream, by name, whose modules are fetched when somebody asks for them; only with pull-through. */
  readonly moduleNamespaces: readonly string[];
  /** Newest versions of each provider that are kept; `null`: all. */
  readonly keepVersions: number | null;
  /** A version that was downloaded in the last so many days is kept; `null`: not looked at. */
  readonly keepUsedDays: number | null;
  readonly isEnabled: boolean;
  readonly syncIntervalHours: number;
  readonly nextSyncAt: Date | null;
  readonly lastSyncAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly lastSyncStatus: 'in_progress' | 'success' | 'failed' | null;
  readonly lastSyncError: string | null;
  readonly createdBy: string | null;
  readonly createdByName: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
