import { Setting } from './setting.decorator.js';

const DAY = 86_400_000;
const MIB = 1024 * 1024;

/** How stored objects are read again in the background, to find damage before somebody needs them. */
export class StorageScrubConfig {
  @Setting({
    key: 'storage.scrub.enabled',
    type: 'bool',
    description:
      'Stored objects are read again in the background and damaged ones repaired where that is possible.',
  })
  readonly enabled: boolean = true;

  @Setting({
    key: 'storage.scrub.interval',
    type: 'duration',
    min: 0,
    max: 3650 * DAY,
    description:
      'No stored object stays unread for longer than this; 0: only when an administrator asks for it.',
  })
  readonly intervalMs: number = 30 * DAY;

  @Setting({
    key: 'storage.scrub.max_bytes_per_second',
    type: 'size',
    min: 1024,
    description: 'How fast stored objects are read again, per second and storage.',
  })
  readonly maxBytesPerSecond: number = 20 * MIB;
}
