import { Global, Module } from '@nestjs/common';
import { CacheInvalidation } from './cache-invalidation.js';

/** Keeps the caches of several processes together. */
@Global()
@Module({ providers: [CacheInvalidation], exports: [CacheInvalidation] })
export class CacheModule {}
