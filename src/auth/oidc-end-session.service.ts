import { Injectable } from '@nestjs/common';
import { IdentityProviders } from './identity-providers.js';
import { IdentitySettings } from './identity-settings.service.js';
import { EndSessionUrl, type EndedSession } from './ports/end-session-url.js';

/** Signing out of the identity provider with which a session began (RP-initiated logout). */
@Injectable()
export class OidcEndSession extends EndSessionUrl {
  constructor(
    private readonly settings: IdentitySettings,
    private readonly providers: IdentityProviders,
  ) {
    super();
  }

  async of({ identityId, idToken }: EndedSession, returnTo: string): Promise<string | undefined> {
    const configuration = identityId === null ? undefined : await this.settings.find(identityId);
    if (configuration === undefined) return undefined;
    return this.providers.for(configuration.providerType).endSessionUrl(configuration, { idToken, returnTo });
  }
}
