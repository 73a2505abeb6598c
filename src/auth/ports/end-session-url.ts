/** Where a browser signs out of the identity provider as well. */
export abstract class EndSessionUrl {
  /**
   * The address to send the browser to after the session here has ended, which in turn sends it on to `returnTo`;
   * `undefined` when the provider has none, cannot be asked now, or there was none (local accounts).
   */
  abstract of(session: EndedSession, returnTo: string): Promise<string | undefined>;
}

/** What is known about a session that has just ended. */
export interface EndedSession {
  readonly method: 'oidc' | 'azuread' | 'local' | 'development';
  /** The configuration of the provider that signed the user in. */
  readonly identityId: string | null;
  /** The identity token that it issued, for `id_token_hint`. */
  readonly idToken: string | undefined;
}

/** No identity provider: signing out here is all there is. */
export class NoEndSessionUrl extends EndSessionUrl {
  async of(): Promise<undefined> {
    return undefined;
  }
}
