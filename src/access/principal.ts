import type { Scope } from './scope.js';

/** Nobody in particular: no credential, or on a public route one that is not usable. */
export interface AnonymousPrincipal {
  readonly kind: 'anonymous';
}

/** An API key, with what it may do now in its one organization. */
export interface ApiKeyPrincipal {
  readonly kind: 'api-key';
  readonly keyId: string;
  /** The organization in which the key acts. */
  readonly organizationId: string;
  /** The user who owns the key; `null` for a key that belongs to the organization itself. */
  readonly userId: string | null;
  /** Who did it, for people: the name of the owner, or of the key when it has none. */
  readonly name: string | null;
  /** Effective scopes at the time of this request: those of the key that its owner holds now. */
  readonly scopes: readonly Scope[];
  /** Whether it holds `admin` in the default organization, and so may do everything everywhere. */
  readonly isPlatformAdmin: boolean;
}

/** Who makes a request. Looked up for every request, never read from the credential. */
export type Principal = AnonymousPrincipal | ApiKeyPrincipal;

export const ANONYMOUS: AnonymousPrincipal = Object.freeze({ kind: 'anonymous' });
