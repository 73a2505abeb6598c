import { SetMetadata } from '@nestjs/common';

/** The buckets of REST contract 2.10; `none` is for what must always answer. */
export type RateLimitBucket = 'general' | 'upload' | 'auth' | 'protocol' | 'none';

export const RATE_LIMIT = 'rate-limit';

/**
 * The bucket of a route. Without it `/api/` routes are `general`, `/v1/` and `/terraform/` routes `protocol`, and
 * all others `none`.
 */
export const RateLimit = (bucket: RateLimitBucket) => SetMetadata(RATE_LIMIT, bucket);
