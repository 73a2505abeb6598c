import { Setting } from './setting.decorator.js';

const MINUTE = 60_000;
const TIME = { type: 'duration', min: 100, max: 10 * MINUTE } as const;

/** How long a storage that is reached over a network may take, how often it is asked again, and when no more. */
export class StorageResilienceConfig {
  @Setting({
    key: 'storage.timeout',
    ...TIME,
    description:
      'Longest time until the storage answers: the first byte of a download, the size of an object, a deletion, a page of a list. Uploads have no limit as a whole.',
  })
  readonly timeoutMs: number = 4000;

  @Setting({
    key: 'storage.idle_timeout',
    ...TIME,
    description:
      'Longest time in which a download from the storage brings nothing; then it goes on from the next byte with a new request.',
  })
  readonly idleTimeoutMs: number = 10_000;

  @Setting({
    key: 'storage.retry.max_attempts',
    type: 'int',
    min: 1,
    max: 20,
    description: 'Attempts of one operation when the storage is unavailable, the first included.',
  })
  readonly maxAttempts: number = 4;

  @Setting({
    key: 'storage.retry.base_delay',
    type: 'duration',
    min: 1,
    max: MINUTE,
    description:
      'The pause before the second attempt is random and at most this long; the limit doubles with each further attempt.',
  })
  readonly retryBaseDelayMs: number = 100;

  @Setting({
    key: 'storage.retry.max_delay',
    type: 'duration',
    min: 1,
    max: 10 * MINUTE,
    description: 'Longest pause between two attempts.',
  })
  readonly retryMaxDelayMs: number = 2000;

  @Setting({
    key: 'storage.breaker.failures',
    type: 'int',
    min: 1,
    max: 1000,
    description:
      'After this many failed attempts in a row the storage is not asked any more for a while; requests that need it get 503 with Retry-After.',
  })
  readonly breakerFailures: number = 10;

  @Setting({
    key: 'storage.breaker.open_after',
    ...TIME,
    description:
      'The same after fewer failed attempts in a row, two at least, when the first of them began this long ago.',
  })
  readonly breakerOpenAfterMs: number = 7000;

  @Setting({
    key: 'storage.breaker.open_for',
    ...TIME,
    description: 'How long a failing storage is left alone before one request tries it again.',
  })
  readonly breakerOpenForMs: number = 5000;
}
