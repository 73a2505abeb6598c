import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { MultipartUpload } from './multipart-upload.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RateLimiter } from './rate-limiter.js';

/**
 * What controllers need of HTTP: uploads and rate limits. Registers the rate limit guard for all routes; import
 * it before the module of the authentication guard. Needs `TempFiles`.
 */
@Global()
@Module({
  providers: [MultipartUpload, RateLimiter, { provide: APP_GUARD, useClass: RateLimitGuard }],
  exports: [MultipartUpload, RateLimiter],
})
export class HttpModule {}
