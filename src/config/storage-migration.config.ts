import { Setting } from './setting.decorator.js';

/** How objects are moved from one storage to another while the registry serves. */
export class StorageMigrationConfig {
  @Setting({
    key: 'storage.migration.concurrency',
    type: 'int',
    min: 1,
    max: 64,
    description: 'Objects that a storage migration moves or verifies at a time.',
  })
  readonly concurrency: number = 4;

  @Setting({
    key: 'storage.migration.max_bytes_per_second',
    type: 'size',
    min: 0,
    description:
      'Bytes per second that a storage migration reads at most, when it copies and when it verifies. 0: no limit.',
  })
  readonly maxBytesPerSecond: number = 0;
}
