import type { AzureAdConfig } from '../config/azure-ad.config.js';
import type { OidcConfig } from '../config/oidc.config.js';
import type { GroupSettings, ProviderId, SignInConfiguration } from './domain/sign-in-provider.js';

export const FILE_OIDC = 'file:oidc';
export const FILE_AZURE_AD = 'file:azuread';

/** The settings of the sign-in providers. */
export interface SignInSettings {
  readonly oidc: OidcConfig;
  readonly azureAd: AzureAdConfig;
}

/** What file and environment say about sign-in with this provider; `undefined` when it is off. */
export function fileSignIn(
  provider: ProviderId,
  { oidc, azureAd }: SignInSettings,
): SignInConfiguration | undefined {
  const { groupMappings, defaultRole = '' } = oidc;
  if (provider === 'oidc') {
    if (!oidc.enabled) return undefined;
    return {
      id: FILE_OIDC,
      providerType: 'generic_oidc',
      displayName: oidc.displayName,
      issuerUrl: oidc.issuerUrl!,
      clientId: oidc.clientId!,
      clientSecret: oidc.clientSecret!,
      redirectUrl: oidc.redirectUrl!,
      scopes: oidc.scopes,
      ...fileGroups(oidc),
    };
  }
  if (!azureAd.enabled) return undefined;
  return {
    id: FILE_AZURE_AD,
    providerType: 'azuread',
    displayName: AZURE_AD_NAME,
    issuerUrl: `${azureAd.authorityUrl}/${azureAd.tenantId}/v2.0`,
    clientId: azureAd.clientId!,
    clientSecret: azureAd.clientSecret!,
    redirectUrl: azureAd.redirectUrl!,
    scopes: azureAd.scopes,
    groupMappings,
    defaultRole,
    groupClaimName: azureAd.groupClaimName ?? '',
  };
}

export const AZURE_AD_NAME = 'Azure AD';

/** The group mapping of file and environment. */
export function fileGroups({ groupClaimName, groupMappings, defaultRole }: OidcConfig): GroupSettings {
  return { groupClaimName: groupClaimName ?? '', groupMappings, defaultRole: defaultRole ?? '' };
}
