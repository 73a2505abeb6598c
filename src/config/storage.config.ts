import { Setting } from './setting.decorator.js';
import { StorageAzureConfig } from './storage-azure.config.js';
import { StorageGcsConfig } from './storage-gcs.config.js';
import { StorageS3Config } from './storage-s3.config.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** Where objects are kept, how long their links live, and when unreferenced ones are removed. */
export class StorageConfig {
  @Setting({
    key: 'storage.default_backend',
    type: 'string',
    values: ['local', 'azure', 's3', 'gcs'],
    description:
      'Where new objects are kept, unless a stored storage configuration is active. Others that are described too stay readable.',
  })
  readonly defaultBackend: 'local' | 'azure' | 's3' | 'gcs' = 'local';

  @Setting({
    key: 'storage.config_source',
    type: 'string',
    values: ['auto', 'file'],
    description:
      'auto: a stored active storage configuration wins over this one; file: stored ones are refused and ignored.',
  })
  readonly configSource: 'auto' | 'file' = 'auto';

  @Setting({
    key: 'storage.url_ttl',
    type: 'duration',
    min: MINUTE,
    max: DAY,
    description: 'Life of signed download URLs.',
  })
  readonly urlTtlMs: number = 15 * MINUTE;

  @Setting({
    key: 'storage.mirror_url_ttl',
    type: 'duration',
    min: MINUTE,
    max: 7 * DAY,
    description: 'Life of download URLs in network mirror documents.',
  })
  readonly mirrorUrlTtlMs: number = HOUR;

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
      'An object is removed only when it has been unreferenced this long. Must exceed server.upload_timeout and the life of every download URL.',
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
    key: 'storage.cdn_url',
    type: 'url',
    description: 'Download URLs start with this address of a CDN, whatever the backend is.',
  })
  readonly cdnUrl: string | undefined = undefined;

  @Setting({
    key: 'storage.cdn_mode',
    type: 'string',
    values: ['signed', 'public'],
    description:
      'signed: the CDN passes the signature on; public: plain URLs, for a registry that everybody may read.',
  })
  readonly cdnMode: 'signed' | 'public' = 'signed';

  @Setting({
    key: 'storage.proxy_downloads',
    type: 'bool',
    description: 'Downloads always pass through the server instead of leading to the backend.',
  })
  readonly proxyDownloads: boolean = false;

  @Setting({
    key: 'storage.probe_timeout',
    type: 'duration',
    min: 1000,
    max: MINUTE,
    description: 'Longest time that a test of a storage may take: write, read, list, delete.',
  })
  readonly probeTimeoutMs: number = 10_000;

  @Setting({
    key: 'storage.temp_dir',
    type: 'path',
    defaultText: '<storage.local.base_path>/.staging for local, else that of the system',
    description:
      'Spool directory for uploads; for local storage it must lie on the same file system as the storage.',
  })
  readonly tempDir!: string;

  @Setting({ key: 'storage.local.base_path', type: 'path', description: 'Root directory of local storage.' })
  readonly localBasePath: string = './storage';

  @Setting({
    key: 'storage.local.serve_directly',
    type: 'bool',
    description: 'Files are streamed by this server; false needs storage.cdn_url.',
  })
  readonly localServeDirectly: boolean = true;

  @Setting({
    key: 'storage.local.allowed_roots',
    type: 'list',
    defaultText: '<storage.local.base_path>, ./data, ./storage',
    description: 'Directories below which stored local storage configurations may lie.',
  })
  readonly localAllowedRoots: string[] = [];

  @Setting({
    key: 'storage.local.shared',
    type: 'bool',
    description:
      'Confirms that all replicas see the same directories; required for local storage with more than one process.',
  })
  readonly localShared: boolean = false;

  @Setting({
    env: 'AZURE_CLIENT_ID',
    type: 'string',
    description: 'Set by Azure: names the user-assigned identity with which Azure Blob Storage is used.',
  })
  readonly azureClientId: string | undefined = undefined;

  @Setting({
    env: 'AZURE_FEDERATED_TOKEN_FILE',
    type: 'path',
    description: 'Set by Azure: file with the token that is exchanged for one of Azure Blob Storage.',
  })
  readonly azureFederatedTokenFile: string | undefined = undefined;

  readonly azure: StorageAzureConfig = new StorageAzureConfig();

  readonly s3: StorageS3Config = new StorageS3Config();

  readonly gcs: StorageGcsConfig = new StorageGcsConfig();
}
