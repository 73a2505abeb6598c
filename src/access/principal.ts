import type { Authority } from './authority.js';
import type { Scope } from './scope.js';

/** Nobody in particular: no credential, or on a public route one that is not usable. */
export interface AnonymousPrincipal {
  readonly kind: 'anonymous';
}

/** What every principal with a valid credential has. */
interface Identified {
  /** The user behind the credential; `null` when it belongs to an organization or to a service. */
  readonly userId: string | null;
  /** Who did it, for people: the name of the user, else of the key or service. */
  readonly name: string | null;
  readonly email: string | null;
  /** What it may do at the time of this request. */
  readonly authority: Authority;
}

/** From where a pipeline publishes, as its identity provider says (REST contract 30.5). */
export interface PublishedFrom {
  readonly issuer: string;
  readonly repository: string;
  readonly ref: string | null;
  readonly commit: string | null;
  readonly run_url: string | null;
}

/** An API key, or a token that was exchanged for the identity of a pipeline. */
export interface ApiKeyPrincipal extends Identified {
  readonly kind: 'api-key';
  readonly keyId: string;
  /** The organization in which the key acts. */
  readonly organizationId: string;
  /** Effective scopes: those of the key that its owner holds now. */
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  /** Set for exchanged tokens: the folded names of the only namespaces it may touch. */
  readonly namespaces: readonly string[] | null;
  readonly publishedFrom: PublishedFrom | null;
}

/** A signed-in person. */
export interface UserPrincipal extends Identified {
  readonly kind: 'user';
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  /** A browser session, an access token of this server, or one of Entra ID. */
  readonly credential: { readonly kind: 'session' | 'access-token' | 'entra-token'; readonly id: string };
}

/** A service principal of Entra ID; its roles come from the groups and roles in its token. */
export interface ServicePrincipal extends Identified {
  readonly kind: 'service';
  readonly userId: null;
  readonly issuer: string;
  readonly subject: string;
}

/** Somebody with a valid credential. */
export type IdentifiedPrincipal = ApiKeyPrincipal | UserPrincipal | ServicePrincipal;

/** Who makes a request. Looked up for every request, never read from the credential. */
export type Principal = AnonymousPrincipal | IdentifiedPrincipal;

export const ANONYMOUS: AnonymousPrincipal = Object.freeze({ kind: 'anonymous' });
