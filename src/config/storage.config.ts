import { Setting } from './setting.decorator.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** Where objects are kept, how long their links live, and when unreferenced ones are removed. */
export class StorageConfig {
  @Setting({
    key: 'storage.default_backend',
    type: 'string',
    values: ['local'],
    expected: 'local, the backend that this version supports',
    description: 'Backend described by this configuration. This version supports local.',
  })
  readonly defaultBackend: 'local' = 'local' as const;

  @Setting({
    key: 'storage.url_ttl',
    type: 'duration',
    min: MINUTE,
    max: DAY,
    description: 'Life of signed download URLs.',
  })
  readonly urlTtlMs: number = 15 * MINUTE;

  @Setting({
    key: 'storage.sweep_interval',
    type: 'duration',
    min: 1000,
    max: 20 * DAY,
    description: 'How often unreferenced objects are looked for.',
  })
  readonly sweepIntervalMs: number = HOUR;

  @Setting({
    key: 'storage.sweep_grace',
    type: 'duration',
    min: HOUR,
    description:
      'An object is removed only when it has been unreferenced this long. Must exceed server.upload_timeout and storage.url_ttl.',
  })
  readonly sweepGraceMs: number = DAY;

  @Setting({
    key: 'storage.signing_secret',
    type: 'secret',
    defaultText: 'derived from TFR_JWT_SECRET',
    description: 'Key for the file URLs of this server, at least 32 characters; equal on all replicas.',
  })
  readonly signingSecret!: string;

  @Setting({
    key: 'storage.signing_secret_previous',
    type: 'secret-list',
    description: 'Older keys whose file URLs are still accepted.',
  })
  readonly previousSigningSecrets: string[] = [];

  @Setting({
    key: 'storage.temp_dir',
    type: 'path',
    defaultText: '<storage.local.base_path>/.staging',
    description: 'Spool directory for uploads; it must lie on the same file system as the storage.',
  })
  readonly tempDir!: string;

  @Setting({ key: 'storage.local.base_path', type: 'path', description: 'Root directory of local storage.' })
  readonly localBasePath: string = './storage';

  @Setting({
    key: 'storage.local.shared',
    type: 'bool',
    description:
      'Confirms that all replicas see the same root directory; required with more than one process.',
  })
  readonly localShared: boolean = false;
}
