import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { CallerRateLimitGuard } from '../platform/http/caller-rate-limit.guard.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { CryptoModule } from '../platform/crypto/crypto.module.js';
import { ApiKeys } from './api-keys.service.js';
import { AuthenticationGuard } from './authentication.guard.js';
import { type BearerCredential, BearerCredentials } from './bearer-credential.js';
import { KeyUsage } from './key-usage.service.js';
import { PermissionGuard } from './permission.guard.js';
import { ApiKeyEntity } from './persistence/api-key.entity.js';
import { ApiKeysRepository } from './persistence/api-keys.repository.js';
import { RouteAccessCheck } from './route-access-check.js';

/**
 * Who makes a request and what they may do: API keys and the two guards that stand before every route. No
 * routes. Table `api_keys`. Needs the global configuration and database modules. The order of the guards
 * matters: the first finds the principal, the second decides.
 */
@Module({
  imports: [DiscoveryModule, OrgsModule, CryptoModule],
  providers: [
    ApiKeysRepository,
    KeyUsage,
    ApiKeys,
    {
      provide: BearerCredentials,
      useFactory: (...kinds: BearerCredential[]) => new BearerCredentials(kinds),
      inject: [ApiKeys],
    },
    RouteAccessCheck,
    { provide: APP_GUARD, useClass: AuthenticationGuard },
    { provide: APP_GUARD, useClass: CallerRateLimitGuard },
    { provide: APP_GUARD, useClass: PermissionGuard },
  ],
  exports: [ApiKeys],
})
export class AuthModule {
  static readonly entities: Function[] = [ApiKeyEntity];
}
