import { IsDivisibleBy, Matches } from 'class-validator';
import { Setting } from './setting.decorator.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const CHUNK_UNIT = 256 * KIB;

/** A bucket of Google Cloud Storage. Fields have the names of `GcsSettings`. */
export class StorageGcsConfig {
  @Setting({
    key: 'storage.gcs.bucket',
    type: 'string',
    defaultText: 'required for gcs',
    description: 'Bucket; it must exist.',
  })
  @Matches(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, {
    message: 'expected the name of a bucket: lower-case letters, digits, dots, hyphens and underscores',
  })
  readonly bucket: string | undefined = undefined;

  @Setting({
    key: 'storage.gcs.project_id',
    type: 'string',
    defaultText: 'that of the credentials',
    description: 'Project of the bucket.',
  })
  readonly projectId: string | undefined = undefined;

  @Setting({
    key: 'storage.gcs.auth_method',
    type: 'string',
    values: ['default', 'service_account', 'workload_identity'],
    meanings: new Map([
      ['credentials_file', 'service_account'],
      ['credentials_json', 'service_account'],
    ]),
    description:
      'default: what Google offers on the machine. The names credentials_file and credentials_json of the setup wizard mean service_account.',
  })
  readonly authMethod: 'default' | 'service_account' | 'workload_identity' = 'default';

  @Setting({
    key: 'storage.gcs.credentials_file',
    type: 'path',
    description: 'For service_account and workload_identity: file with the credentials.',
  })
  readonly credentialsFile: string | undefined = undefined;

  @Setting({
    key: 'storage.gcs.credentials_json',
    type: 'secret',
    description: 'The content of such a file instead.',
  })
  readonly credentialsJson: string | undefined = undefined;

  @Setting({
    key: 'storage.gcs.endpoint',
    type: 'url',
    defaultText: 'that of Google',
    description: 'Address of the service: emulators.',
  })
  readonly endpoint: string | undefined = undefined;

  @Setting({
    key: 'storage.gcs.storage_class',
    type: 'string',
    defaultText: 'that of the bucket',
    description: 'Storage class of new objects.',
  })
  @Matches(/^[A-Z_]{1,64}$/i, {
    message: 'expected the name of a storage class such as STANDARD or NEARLINE',
  })
  readonly storageClass: string | undefined = undefined;

  @Setting({
    key: 'storage.gcs.resumable_chunk_size',
    type: 'size',
    min: CHUNK_UNIT,
    max: 64 * MIB,
    description: 'Larger uploads are sent in pieces of this size, a multiple of 256KiB.',
  })
  @IsDivisibleBy(CHUNK_UNIT, { message: 'expected a multiple of 256KiB' })
  readonly resumableChunkBytes: number = 8 * MIB;
}
