import type { TokenClaims } from '../domain/publisher-claims.js';

/** The tenant whose access tokens count, and for whom they must be meant. */
export interface EntraTenant {
  /** Issuer of v2.0 tokens, where the keys are found: `<authority>/<tenant id>/v2.0`. */
  readonly issuer: string;
  /** Lower case. */
  readonly tenantId: string;
  readonly clientId: string;
  readonly audience: readonly string[];
}

/** Verifies access tokens of Entra ID. */
export abstract class EntraTokenVerifier {
  /**
   * The claims of a token of this tenant whose signature, issuer, audience and times are right; `undefined` for
   * every other one, also while the keys of the tenant cannot be read. Never throws for what a caller sent.
   */
  abstract verify(token: string, tenant: EntraTenant): Promise<TokenClaims | undefined>;
}
