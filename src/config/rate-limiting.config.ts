import { Setting } from './setting.decorator.js';

const LIMIT = { type: 'int', min: 0, max: 10_000_000 } as const;
const POSITIVE = { type: 'int', min: 1, max: 10_000_000 } as const;

/** Request limits per minute and how many requests may come at once, by kind of request. */
export class RateLimitingConfig {
  @Setting({
    key: 'security.rate_limiting.enabled',
    type: 'bool',
    description: 'false switches all request limits off.',
  })
  readonly enabled: boolean = true;

  @Setting({
    key: 'security.rate_limiting.store',
    type: 'string',
    values: ['memory', 'database'],
    defaultText: 'memory; database with several replicas',
    description: 'Where the limits are counted: memory counts for one process, database for all of them.',
  })
  readonly store: 'memory' | 'database' = 'memory';

  @Setting({
    key: 'security.rate_limiting.requests_per_minute',
    ...POSITIVE,
    description: 'Ordinary requests per minute.',
  })
  readonly requestsPerMinute: number = 200;

  @Setting({ key: 'security.rate_limiting.burst', ...POSITIVE, description: 'Ordinary requests at once.' })
  readonly burst: number = 100;

  @Setting({
    key: 'security.rate_limiting.auth.requests_per_minute',
    ...POSITIVE,
    description: 'Sign-in requests per minute.',
  })
  readonly authRequestsPerMinute: number = 10;

  @Setting({
    key: 'security.rate_limiting.auth.burst',
    ...POSITIVE,
    description: 'Sign-in requests at once.',
  })
  readonly authBurst: number = 10;

  @Setting({
    key: 'security.rate_limiting.upload.requests_per_minute',
    ...POSITIVE,
    description: 'Uploads per minute.',
  })
  readonly uploadRequestsPerMinute: number = 30;

  @Setting({ key: 'security.rate_limiting.upload.burst', ...POSITIVE, description: 'Uploads at once.' })
  readonly uploadBurst: number = 5;

  @Setting({
    key: 'security.rate_limiting.protocol.requests_per_minute',
    ...LIMIT,
    description: 'Anonymous protocol and file requests per minute and IP address (0 = no limit).',
  })
  readonly protocolRequestsPerMinute: number = 0;

  @Setting({
    key: 'security.rate_limiting.protocol.burst',
    ...LIMIT,
    defaultText: '= requests per minute',
    description: 'Anonymous protocol and file requests at once and per IP address.',
  })
  readonly protocolBurst: number = 0;
}
