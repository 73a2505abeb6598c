import { Setting } from './setting.decorator.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How mirrors of upstream registries are kept current, and what one run may take. */
export class MirrorConfig {
  @Setting({
    key: 'mirror.check_interval',
    type: 'duration',
    min: SECOND,
    max: 24 * HOUR,
    description: 'How often mirrors are looked for whose next run is due.',
  })
  readonly checkIntervalMs: number = 10 * MINUTE;

  @Setting({
    key: 'mirror.download_concurrency',
    type: 'int',
    min: 1,
    max: 64,
    description: 'Packages that one run fetches at a time.',
  })
  readonly downloadConcurrency: number = 4;

  @Setting({
    key: 'mirror.download_timeout',
    type: 'duration',
    min: SECOND,
    max: 24 * HOUR,
    description: 'Longest time to fetch one package, with up to three attempts.',
  })
  readonly downloadTimeoutMs: number = 10 * MINUTE;

  @Setting({
    key: 'mirror.lease',
    type: 'duration',
    min: SECOND,
    max: HOUR,
    description:
      'A run whose worker stops renewing its lease for this long is taken over by another process.',
  })
  readonly leaseMs: number = MINUTE;

  @Setting({
    key: 'mirror.history',
    type: 'int',
    min: 1,
    max: 10_000,
    description: 'Ended runs of a mirror that are kept for its history.',
  })
  readonly history: number = 100;
}
