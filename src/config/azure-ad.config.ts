import { Matches } from 'class-validator';
import { Setting } from './setting.decorator.js';

/** Sign-in and access tokens of one tenant of Azure AD (Entra ID). */
export class AzureAdConfig {
  @Setting({
    key: 'auth.azure_ad.enabled',
    type: 'bool',
    description: 'Sign-in with Azure AD (Entra ID), for the accounts of one tenant.',
  })
  readonly enabled: boolean = false;

  @Setting({
    key: 'auth.azure_ad.tenant_id',
    type: 'string',
    description: 'Id of the tenant; common, organizations and consumers are refused.',
  })
  @Matches(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, {
    message: 'expected the id (a UUID) of one tenant, not common, organizations or consumers',
  })
  readonly tenantId: string | undefined = undefined;

  @Setting({ key: 'auth.azure_ad.client_id', type: 'string', description: 'Application (client) id.' })
  readonly clientId: string | undefined = undefined;

  @Setting({ key: 'auth.azure_ad.client_secret', type: 'secret', description: 'Client secret.' })
  readonly clientSecret: string | undefined = undefined;

  @Setting({
    key: 'auth.azure_ad.redirect_url',
    type: 'url',
    defaultText: '<public URL>/api/v1/auth/callback',
    description: 'Callback address of this server as it is registered with the application.',
  })
  readonly redirectUrl: string | undefined = undefined;

  @Setting({
    key: 'auth.azure_ad.scopes',
    type: 'list',
    description: 'Scopes asked for; openid is among them. offline_access lets roles follow groups.',
  })
  readonly scopes: string[] = ['openid', 'email', 'profile'];

  @Setting({
    key: 'auth.azure_ad.authority_url',
    type: 'url',
    description: 'Address of the sign-in service; another one for national clouds.',
  })
  readonly authorityUrl: string = 'https://login.microsoftonline.com';

  @Setting({
    key: 'auth.azure_ad.accept_access_tokens',
    type: 'bool',
    description: 'Accept access tokens of the tenant, as pipelines have them, as bearer credentials.',
  })
  readonly acceptAccessTokens: boolean = false;

  @Setting({
    key: 'auth.azure_ad.audience',
    type: 'list',
    defaultText: 'client id, api://<client id>',
    description: 'Audiences accepted in access tokens.',
  })
  readonly audience: string[] = [];

  @Setting({
    key: 'auth.azure_ad.group_claim_name',
    type: 'string',
    defaultText: 'that of auth.oidc',
    description: 'Claim with the list of groups; dots walk into objects.',
  })
  readonly groupClaimName: string | undefined = undefined;
}
