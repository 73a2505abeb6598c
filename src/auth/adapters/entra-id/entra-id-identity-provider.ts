import { ProviderUnavailable, SignInFailed } from '../../domain/sign-in.errors.js';
import type { SignInConfiguration } from '../../domain/sign-in-provider.js';
import type { SignInProof } from '../../ports/identity-provider.js';
import { type ClaimedEmail, type Claims, OidcIdentityProvider } from '../oidc/oidc-identity-provider.js';

const TENANT = /\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\/v2\.0\/?$/i;
const ADDRESS = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

/**
 * Sign-in with one tenant of Azure AD (Entra ID, v2.0). The tenant is that of the issuer; a token of another one is
 * refused (threat B14). When the groups of a user are too many for the token, it has none: roles by group go away
 * rather than stay by chance.
 */
export class EntraIdIdentityProvider extends OidcIdentityProvider {
  protected override readonly hasGroupsInUserInfo = false;

  override async discover(address: { readonly issuerUrl: string }): Promise<string> {
    tenantOf(address);
    return super.discover(address);
  }

  override async authorizationUrl(configuration: SignInConfiguration, proof: SignInProof): Promise<string> {
    tenantOf(configuration);
    return super.authorizationUrl(configuration, proof);
  }

  protected override checkToken(configuration: SignInConfiguration, claims: Claims): void {
    super.checkToken(configuration, claims);
    const tenant = claims['tid'];
    if (typeof tenant !== 'string' || tenant.toLowerCase() !== tenantOf(configuration)) {
      throw new SignInFailed('id_token_invalid');
    }
  }

  protected override groupsOf(configuration: SignInConfiguration, claims: Claims): string[] {
    const isOveraged = claims['_claim_names'] !== undefined || claims['hasgroups'] !== undefined;
    return isOveraged ? [] : super.groupsOf(configuration, claims, {});
  }

  /** Without an `email` claim the sign-in name serves, when it is an address. */
  protected override emailIn(claims: Claims): ClaimedEmail | undefined {
    const claimed = super.emailIn(claims);
    if (claimed !== undefined) {
      const isOwned = claims['xms_edov'];
      return isOwned === true || isOwned === 1 || isOwned === '1'
        ? { ...claimed, isVerified: true }
        : claimed;
    }
    const name = claims['preferred_username'];
    return typeof name === 'string' && ADDRESS.test(name)
      ? { email: name, isVerified: undefined }
      : undefined;
  }
}

function tenantOf({ issuerUrl }: { readonly issuerUrl: string }): string {
  const tenant = TENANT.exec(issuerUrl)?.[1];
  if (tenant === undefined) {
    throw new ProviderUnavailable(
      'The issuer of Azure AD names one tenant by its id: https://login.microsoftonline.com/<tenant id>/v2.0',
    );
  }
  return tenant.toLowerCase();
}
