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

/** Sessions that an identity provider ended: one there (`sid`), all of a subject, or one of a subject. */
export interface ProviderLogout {
  readonly issuer: string;
  /** The configurations of this provider with which sessions began. */
  readonly identityIds: readonly string[];
  readonly subject: string | undefined;
  readonly sid: string | undefined;
}

/** A session as its owner sees it in a list. */
export interface ListedSession {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}
