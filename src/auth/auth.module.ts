import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { CallerRateLimitGuard } from '../platform/http/caller-rate-limit.guard.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { CryptoModule } from '../platform/crypto/crypto.module.js';
import { AccessTokens } from './access-tokens.service.js';
import { ApiKeysModule } from './api-keys.module.js';
import { ApiKeys } from './api-keys.service.js';
import { AuthenticationGuard } from './authentication.guard.js';
import { type BearerCredential, BearerCredentials } from './bearer-credential.js';
import { CredentialReader } from './credential-reader.js';
import { EntraAccessTokens } from './entra-access-tokens.service.js';
import { EntraTokensModule } from './entra-tokens.module.js';
import { MeApiController } from './http/me-api.controller.js';
import { SessionController } from './http/session.controller.js';
import { SessionsApiController } from './http/sessions-api.controller.js';
import { LocalAccountsModule } from './local-accounts.module.js';
import { OidcModule } from './oidc.module.js';
import { PermissionGuard } from './permission.guard.js';
import { PipelinesModule } from './pipelines.module.js';
import { RouteAccessCheck } from './route-access-check.js';
import { SessionRefresh } from './session-refresh.service.js';
import { SessionsModule } from './sessions.module.js';
import { SignOut } from './sign-out.service.js';
import { SignedInUser } from './signed-in-user.service.js';

/**
 * Who makes a request and what they may do: API keys, sessions, and the guards that stand before every route. Routes
 * of the session and `me`. Tables `api_keys`, `sessions`. Needs the global configuration and database modules. The order of the guards
 * matters: the first finds the principal, the second decides.
 */
@Module({
  imports: [
    DiscoveryModule,
    OrgsModule,
    CryptoModule,
    ApiKeysModule,
    SessionsModule,
    LocalAccountsModule,
    PipelinesModule,
    OidcModule,
    EntraTokensModule,
  ],
  controllers: [MeApiController, SessionController, SessionsApiController],
  providers: [
    {
      provide: BearerCredentials,
      useFactory: (...kinds: BearerCredential[]) => new BearerCredentials(kinds),
      inject: [ApiKeys, AccessTokens, EntraAccessTokens],
    },
    CredentialReader,
    SessionRefresh,
    SignOut,
    SignedInUser,
    RouteAccessCheck,
    { provide: APP_GUARD, useClass: AuthenticationGuard },
    { provide: APP_GUARD, useClass: CallerRateLimitGuard },
    { provide: APP_GUARD, useClass: PermissionGuard },
  ],
  exports: [CredentialReader, SessionsModule, SignedInUser, LocalAccountsModule, ApiKeysModule, OidcModule],
})
export class AuthModule {
  static readonly entities: Function[] = [
    ...SessionsModule.entities,
    ...LocalAccountsModule.entities,
    ...ApiKeysModule.entities,
    ...OidcModule.entities,
    ...PipelinesModule.entities,
  ];
}
