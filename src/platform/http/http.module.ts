import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { LimitsConfig } from '../../config/limits.config.js';
import { Transactions } from '../database/transactions.js';
import { DatabaseRateLimitStore } from './database-rate-limit-store.js';
import { HostCheck } from './host-check.js';
import { MemoryRateLimitStore } from './memory-rate-limit-store.js';
import { MultipartUpload } from './multipart-upload.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RateLimitStore } from './rate-limit-store.js';
import { RateLimiter } from './rate-limiter.js';

/**
 * What controllers need of HTTP: uploads and rate limits. Registers the guards for host names and rate limits; import
 * it before the module of the authentication guard. Needs `TempFiles`. Table `rate_limit_buckets`, which has no
 * entity: it is only ever counted in.
 */
@Global()
@Module({
  providers: [
    MultipartUpload,
    RateLimiter,
    {
      provide: RateLimitStore,
      useFactory: ({ rateLimiting }: LimitsConfig, transactions?: Transactions) =>
        rateLimiting.store === 'database' && transactions !== undefined
          ? new DatabaseRateLimitStore(transactions)
          : new MemoryRateLimitStore(),
      inject: [LimitsConfig, { token: Transactions, optional: true }],
    },
    { provide: APP_GUARD, useClass: HostCheck },
    { provide: APP_GUARD, useClass: RateLimitGuard },
  ],
  exports: [MultipartUpload, RateLimiter],
})
export class HttpModule {}
