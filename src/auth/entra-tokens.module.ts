import { Module } from '@nestjs/common';
import { OrgsModule } from '../orgs/orgs.module.js';
import { OutboundHttp } from '../platform/outbound-http/outbound-http.js';
import { EntraAccessToken } from './adapters/entra-id/entra-access-token.js';
import { EntraAccessTokens } from './entra-access-tokens.service.js';
import { EntraPrincipals } from './entra-principals.service.js';
import { OidcModule } from './oidc.module.js';
import { EntraTokenVerifier } from './ports/entra-token-verifier.js';

/**
 * Access tokens of Entra ID as bearer credentials (`auth.azure_ad.accept_access_tokens`). No routes and no tables.
 * Needs users, role templates, the configuration of sign-in and the outbound client.
 */
@Module({
  imports: [OidcModule, OrgsModule],
  providers: [
    EntraAccessTokens,
    EntraPrincipals,
    {
      provide: EntraTokenVerifier,
      useFactory: (http: OutboundHttp) => new EntraAccessToken(http.fetchFor('entra-keys', { retries: 0 })),
      inject: [OutboundHttp],
    },
  ],
  exports: [EntraAccessTokens],
})
export class EntraTokensModule {}
