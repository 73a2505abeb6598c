import { Injectable } from '@nestjs/common';
import { decodeJwt, type JWTPayload } from 'jose';
import { logoutFacts } from './domain/logout-token.js';
import type { ProviderLogout } from './domain/session.js';
import { LogoutTokenRefused } from './domain/sign-in.errors.js';
import type { ProviderClient } from './domain/sign-in-provider.js';
import { IdentityProviders } from './identity-providers.js';
import { IdentitySettings } from './identity-settings.service.js';

const MAX_LENGTH = 16_384;

/** What a logout token ends, and the id that is good for one use. */
export interface VerifiedLogout extends ProviderLogout {
  readonly tokenId: string;
}

/** Verifies logout tokens with the keys of the provider that is configured for their issuer and audience. */
@Injectable()
export class LogoutTokenVerifier {
  constructor(
    private readonly settings: IdentitySettings,
    private readonly providers: IdentityProviders,
  ) {}

  /**
   * What this token ends. Nobody is asked for keys but providers that were configured by somebody. Throws
   * {@link LogoutTokenRefused}; `ProviderUnavailable` when the keys cannot be read.
   */
  async verify(token: string): Promise<VerifiedLogout> {
    const { iss, aud } = claimedIn(token);
    const clients = await this.settings.clientsOf(String(iss), [aud ?? []].flat());
    const [client] = clients;
    if (client === undefined) {
      throw new LogoutTokenRefused('No identity provider of this registry has this issuer and audience');
    }
    const claims = await this.providers.for(client.providerType).verifyLogoutToken(client, token);
    return {
      ...logoutFacts(claims),
      issuer: String(claims['iss']),
      identityIds: clients.filter(isSameClientAs(client)).map(({ id }) => id),
    };
  }
}

/** What the token says before anything is verified. */
function claimedIn(token: string): JWTPayload {
  try {
    if (token.length > MAX_LENGTH) throw new Error('too long');
    return decodeJwt(token);
  } catch (error) {
    throw new LogoutTokenRefused('The logout token must be a signed JWT', error);
  }
}

function isSameClientAs({ clientId }: ProviderClient) {
  return (other: ProviderClient): boolean => other.clientId === clientId;
}
