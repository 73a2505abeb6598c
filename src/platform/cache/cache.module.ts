import { Global, Module } from '@nestjs/common';
import { CacheInvalidation } from './cache-invalidation.js';
import { CacheRelay } from './cache-relay.js';

/** Keeps the caches of several processes together. Needs the database module. No routes, no tables. */
@Global()
@Module({ providers: [CacheInvalidation, CacheRelay], exports: [CacheInvalidation, CacheRelay] })
export class CacheModule {}
