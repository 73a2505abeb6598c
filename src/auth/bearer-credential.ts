import type { IdentifiedPrincipal } from '../access/principal.js';

/** What checking a credential found; `readAtMs` is when the facts were read (`performance.now()`). */
export type CredentialCheck =
  | { readonly outcome: 'valid'; readonly principal: IdentifiedPrincipal; readonly readAtMs: number }
  | { readonly outcome: 'expired' }
  | { readonly outcome: 'invalid' };

/** One kind of bearer credential that stands alone (REST contract 2.2): API key, access token, Entra ID token. */
export abstract class BearerCredential {
  /** Whether this text has the form of this kind. Nothing is verified and nothing is asked. */
  abstract recognizes(token: string): boolean;

  /** Who presents `token`, with the rights of now. Never throws for what a caller sent. */
  abstract check(token: string): Promise<CredentialCheck>;
}

/** Every kind that is accepted. The first that recognizes a token decides about it. */
export class BearerCredentials {
  constructor(private readonly kinds: readonly BearerCredential[]) {}

  /** Who presents `token`; what no kind recognizes is invalid. */
  async check(token: string): Promise<CredentialCheck> {
    const kind = this.kinds.find((one) => one.recognizes(token));
    return kind === undefined ? { outcome: 'invalid' } : kind.check(token);
  }
}
