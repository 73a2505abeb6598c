/** The providers that a browser may ask for (REST contract 9.2). */
export type ProviderId = 'oidc' | 'azuread';

/** What kind of identity provider a configuration speaks to. */
export type ProviderType = 'generic_oidc' | 'azuread';

/** Members of a group get a role in an organization; both by name. */
export interface MappedGroup {
  readonly group: string;
  readonly organization: string;
  readonly role: string;
}

/** How the groups that a provider tells become roles. */
export interface GroupSettings {
  /** Claim with the list of groups, dots walk into objects; `''`: no groups. */
  readonly groupClaimName: string;
  readonly groupMappings: readonly MappedGroup[];
  /** Role template in the default organization for users that match no group; `''`: none. */
  readonly defaultRole: string;
}

/** As what this registry is known to an identity provider. */
export interface ProviderClient {
  /** Of the configuration. */
  readonly id: string;
  readonly providerType: ProviderType;
  readonly issuerUrl: string;
  readonly clientId: string;
}

/** Everything needed to sign somebody in with an identity provider. */
export interface SignInConfiguration extends GroupSettings {
  /** A stored configuration by its id; `file:oidc` and `file:azuread` for those of file and environment. */
  readonly id: string;
  readonly providerType: ProviderType;
  readonly displayName: string;
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUrl: string;
  readonly scopes: readonly string[];
}

/** Who somebody is, as their identity provider proved it. */
export interface ProvenIdentity {
  /** Exactly as in the identity token. */
  readonly issuer: string;
  readonly subject: string;
  readonly email: string;
  /** What the provider says about the address; `undefined` when it says nothing. */
  readonly isEmailVerified: boolean | undefined;
  readonly name: string;
  readonly groups: readonly string[];
  /** The session there, when the provider names it. */
  readonly sid: string | undefined;
  readonly idToken: string;
  /** With what the provider can be asked again, when it gave one. */
  readonly refreshToken: string | undefined;
}

/** Somebody who signed in before, and with what their provider is asked again. */
export interface HeldSignIn {
  readonly issuer: string;
  readonly subject: string;
  readonly refreshToken: string;
}

/** What a provider says about them now. */
export interface RenewedSignIn {
  readonly groups: readonly string[];
  /** For the next time; the same as before when the provider gave no other. */
  readonly refreshToken: string;
}
