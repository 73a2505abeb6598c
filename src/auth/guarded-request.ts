import type { Principal } from '../access/principal.js';
import type { NotAuthenticated } from './domain/auth.errors.js';

/** What the guards read from a request, and what they leave on it for each other and for handlers. */
export interface GuardedRequest {
  readonly method?: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly raw: { readonly rawHeaders?: readonly string[] };
  readonly params?: Readonly<Record<string, string>>;
  /** Parsed already, except for uploads. */
  readonly body?: unknown;
  /** Who makes the request. */
  principal?: Principal;
  /** The session behind it: that of the cookie, or the one an access token belongs to. */
  sessionId?: string;
  /** Whether the `Authorization` header alone proves who it is; a handle does not, without its cookie. */
  credentialStandsAlone?: boolean;
  /** Why the credential that was sent is not usable, on routes that do without one. */
  credentialProblem?: NotAuthenticated;
  /** The upstream that the provider in the path was mirrored from; absent when it was published here. */
  mirroredHost?: string;
  /** When the facts about the principal were read, on the scale of `performance.now()`. */
  principalReadAtMs?: number;
}
