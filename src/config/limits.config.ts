import { RateLimitingConfig } from './rate-limiting.config.js';
import { Setting } from './setting.decorator.js';

const MIB = 1024 ** 2;
const TIB = 1024 ** 4;

/** Sizes and counts that an upload or a request body may have, and the request limits. */
export class LimitsConfig {
  @Setting({
    key: 'uploads.module.max_size',
    type: 'size',
    min: 1024,
    max: TIB,
    description: 'Largest packed module.',
  })
  readonly moduleMaxBytes: number = 100 * MIB;

  @Setting({
    key: 'uploads.module.max_unpacked_size',
    type: 'size',
    min: 1024,
    max: TIB,
    description: 'Largest unpacked module, counted while unpacking.',
  })
  readonly moduleMaxUnpackedBytes: number = 500 * MIB;

  @Setting({
    key: 'uploads.module.max_entries',
    type: 'int',
    min: 1,
    max: 10_000_000,
    description: 'Most files and directories in a module.',
  })
  readonly moduleMaxEntries: number = 100_000;

  @Setting({
    key: 'uploads.provider.max_size',
    type: 'size',
    min: 1024,
    max: TIB,
    description: 'Largest provider package.',
  })
  readonly providerMaxBytes: number = 500 * MIB;

  @Setting({
    key: 'uploads.max_concurrent',
    type: 'int',
    min: 1,
    max: 10_000,
    description: 'Uploads at a time per process; further ones get 503 with Retry-After.',
  })
  readonly maxConcurrentUploads: number = 16;

  @Setting({
    key: 'uploads.json.max_size',
    type: 'size',
    min: 1024,
    max: 1024 * MIB,
    description: 'Largest ordinary request body.',
  })
  readonly jsonMaxBytes: number = MIB;

  readonly rateLimiting: RateLimitingConfig = new RateLimitingConfig();
}
