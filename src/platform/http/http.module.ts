import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApiDescription } from './api-description.js';
import { ApiDocsController } from './api-docs.controller.js';
import { MultipartUpload } from './multipart-upload.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RateLimiter } from './rate-limiter.js';

/**
 * What controllers need of HTTP: uploads and rate limits, and the description of the interface (`/swagger.json`,
 * `/openapi.json`, `/api-docs/`). Registers the rate limit guard for all routes; import
 * it before the module of the authentication guard. Needs `TempFiles`.
 */
@Global()
@Module({
  controllers: [ApiDocsController],
  providers: [ApiDescription, MultipartUpload, RateLimiter, { provide: APP_GUARD, useClass: RateLimitGuard }],
  exports: [ApiDescription, MultipartUpload, RateLimiter],
})
export class HttpModule {}
