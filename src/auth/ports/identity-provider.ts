import type {
  HeldSignIn,
  ProvenIdentity,
  ProviderClient,
  RenewedSignIn,
  SignInConfiguration,
} from '../domain/sign-in-provider.js';

/** What ties one sign-in together: each value is random or derived from what is, and used once. */
export interface SignInProof {
  readonly state: string;
  readonly nonce: string;
  /** PKCE verifier; its S256 challenge goes to the provider. */
  readonly codeVerifier: string;
}

/** One kind of identity provider. Everything it sends is checked before it is believed. */
export abstract class IdentityProvider {
  /**
   * Reads the description of the provider anew and gives the issuer that it names. Throws `ProviderUnavailable`,
   * also when it names another issuer than the configuration.
   */
  abstract discover(address: { readonly issuerUrl: string }): Promise<string>;

  /** Where the browser signs in. Throws `ProviderUnavailable`. */
  abstract authorizationUrl(configuration: SignInConfiguration, proof: SignInProof): Promise<string>;

  /**
   * Exchanges the code in `answer` (the query of the callback) and verifies who signed in: `iss` parameter,
   * signature, issuer, audience, expiry and nonce of the identity token, subject of the user info. Throws
   * `SignInFailed`.
   */
  abstract identify(
    configuration: SignInConfiguration,
    answer: URLSearchParams,
    proof: SignInProof,
  ): Promise<ProvenIdentity>;

  /**
   * Asks again about somebody who signed in before (OpenID Connect Core, section 12). `undefined` when the provider
   * does not renew the sign-in, or answers about somebody else: they are to sign in anew. Throws
   * `ProviderUnavailable` for everything that says nothing about the person, also for a refused client secret.
   */
  abstract renew(configuration: SignInConfiguration, held: HeldSignIn): Promise<RenewedSignIn | undefined>;

  /** Where the browser signs out; `undefined` when the provider has no such address or cannot be asked now. */
  abstract endSessionUrl(
    configuration: SignInConfiguration,
    session: { readonly idToken: string | undefined; readonly returnTo: string },
  ): Promise<string | undefined>;

  /**
   * The claims of a logout token: signed by this provider as its identity tokens are, for this client, not older than
   * five minutes. What it ends is not looked at. Throws `LogoutTokenRefused`, `ProviderUnavailable`.
   */
  abstract verifyLogoutToken(
    client: ProviderClient,
    token: string,
  ): Promise<Readonly<Record<string, unknown>>>;
}
