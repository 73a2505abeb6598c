import type { Scope } from '../../access/scope.js';

/** An API key as people see it. The key itself is shown once and not kept. */
export interface ApiKey {
  readonly id: string;
  readonly organizationId: string;
  /** The user whose rights bound it; `null` when it belongs to its organization. */
  readonly userId: string | null;
  readonly userName: string | null;
  readonly name: string;
  readonly description: string;
  /** The first ten characters of the key. */
  readonly keyPrefix: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly createdAt: Date;
}

/** An issued key. `key` is the only copy of the secret. */
export interface IssuedApiKey {
  readonly key: string;
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly description: string;
  readonly keyPrefix: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
}
