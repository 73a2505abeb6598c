import { Setting } from './setting.decorator.js';

/** Members of a group of the identity provider get a role in an organization; both are named. */
export interface GroupMapping {
  readonly group: string;
  readonly organization: string;
  readonly role: string;
}

/** Sign-in with an OpenID Connect provider. A stored active configuration replaces it. */
export class OidcConfig {
  @Setting({
    key: 'auth.oidc.enabled',
    type: 'bool',
    description: 'Sign-in with OpenID Connect; a stored active configuration overrides these settings.',
  })
  readonly enabled: boolean = false;

  @Setting({
    key: 'auth.oidc.issuer_url',
    type: 'url',
    description:
      'Issuer, exactly as the provider announces it; https, except on loopback and in development mode.',
  })
  readonly issuerUrl: string | undefined = undefined;

  @Setting({ key: 'auth.oidc.client_id', type: 'string', description: 'Client id at the provider.' })
  readonly clientId: string | undefined = undefined;

  @Setting({ key: 'auth.oidc.client_secret', type: 'secret', description: 'Client secret at the provider.' })
  readonly clientSecret: string | undefined = undefined;

  @Setting({
    key: 'auth.oidc.redirect_url',
    type: 'url',
    defaultText: '<public URL>/api/v1/auth/callback',
    description: 'Callback address of this server as the provider knows it; not the page of the web client.',
  })
  readonly redirectUrl: string | undefined = undefined;

  @Setting({ key: 'auth.oidc.scopes', type: 'list', description: 'Scopes asked for; openid is among them.' })
  readonly scopes: string[] = ['openid', 'email', 'profile'];

  @Setting({
    key: 'auth.oidc.group_claim_name',
    type: 'string',
    description: 'Claim with the list of groups; dots walk into objects, e.g. realm_access.roles.',
  })
  readonly groupClaimName: string | undefined = undefined;

  @Setting({
    key: 'auth.oidc.group_mappings',
    type: 'json',
    expected: 'a list of {group, organization, role}',
    description: 'Roles by group: [{"group": …, "organization": name, "role": name of a role template}].',
  })
  readonly groupMappings: readonly GroupMapping[] = [];

  @Setting({
    key: 'auth.oidc.default_role',
    type: 'string',
    description: 'Role template in the default organization for users that match no group.',
  })
  readonly defaultRole: string | undefined = undefined;

  @Setting({
    key: 'auth.group_sync_interval',
    type: 'duration',
    min: 0,
    max: 7 * 86_400_000,
    description:
      'How soon roles follow groups while somebody is signed in, where the provider gives refresh tokens; 0: at sign-in only.',
  })
  readonly groupSyncIntervalMs: number = 900_000;

  @Setting({
    key: 'auth.oidc.require_verified_email',
    type: 'bool',
    description:
      'Whether the provider must assert an address as verified before it joins an existing account.',
  })
  readonly requireVerifiedEmail: boolean = true;

  @Setting({
    key: 'auth.oidc.trusted_email_domains',
    type: 'list',
    description: 'Domains whose addresses count as verified, for providers that do not say.',
  })
  readonly trustedEmailDomains: string[] = [];

  @Setting({ key: 'auth.oidc.display_name', type: 'string', description: 'Name on the sign-in page.' })
  readonly displayName: string = 'OIDC';

  /** The browser side, where `server.public_url` says it; derived. */
  readonly frontendUrl: string | undefined = undefined;
}
