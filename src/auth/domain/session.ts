/** How somebody signed in; `development`: through the development endpoints. */
export type SessionMethod = 'oidc' | 'azuread' | 'local' | 'development';

/** A session that is alive, as it is looked up for a request. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly method: SessionMethod;
  /** The configuration of the identity provider that signed the user in. */
  readonly identityId: string | null;
  /** The account must change its password first; until then nearly everything is refused. */
  readonly isLimited: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** SHA-256 digests of the handles that belong to it now. */
  readonly handleDigests: readonly Buffer[];
  /** Whether its last use was written long enough ago to be written again. */
  readonly isUseDue: boolean;
}

/** A session as its owner sees it in a list. */
export interface ListedSession {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}
