import { Setting } from '../config/setting.decorator.js';
import { StorageAzureConfig } from '../config/storage-azure.config.js';
import {
  azureFaults,
  type BackendFault,
  gcsFaults,
  s3AuthMethod,
  s3Faults,
} from '../config/storage-backend-rules.js';
import { StorageGcsConfig } from '../config/storage-gcs.config.js';
import { StorageS3Config } from '../config/storage-s3.config.js';
import type { BackendSettings, BackendType } from './domain/backend-settings.js';

/** A directory as a stored configuration describes it. Fields have the names of `LocalSettings`. */
export class LocalDescription {
  @Setting({ key: 'storage.local.base_path', type: 'path', description: 'Root directory.' })
  readonly basePath: string | undefined = undefined;

  @Setting({ key: 'storage.local.serve_directly', type: 'bool', description: 'Files are streamed here.' })
  readonly serveDirectly: boolean = true;
}

/** What somebody said about a backend, in a file or over the interface; it may be incomplete. */
export type BackendDescription = LocalDescription | StorageAzureConfig | StorageS3Config | StorageGcsConfig;

const DESCRIPTIONS: Readonly<Record<BackendType, new () => BackendDescription>> = {
  local: LocalDescription,
  azure: StorageAzureConfig,
  s3: StorageS3Config,
  gcs: StorageGcsConfig,
};

/** A description with nothing in it but defaults. */
export function emptyDescription(type: BackendType): BackendDescription {
  return new DESCRIPTIONS[type]();
}

/** What a description lacks, or where it contradicts itself. */
export function faultsOf(description: BackendDescription): BackendFault[] {
  if (description instanceof StorageAzureConfig) return azureFaults(description);
  if (description instanceof StorageS3Config) return s3Faults(description);
  if (description instanceof StorageGcsConfig) return gcsFaults(description);
  if (description.basePath !== undefined) return [];
  return [{ name: 'base_path', expected: 'the path of a directory' }];
}

/** What an adapter needs; undefined while the description has faults. */
export function settingsOf(description: BackendDescription): BackendSettings | undefined {
  if (faultsOf(description).length > 0) return undefined;
  const given = withoutAbsent(description);
  if (given instanceof StorageAzureConfig) {
    return { type: 'azure', ...given, accountName: given.accountName!, containerName: given.containerName! };
  }
  if (given instanceof StorageS3Config) {
    const authMethod = s3AuthMethod(given);
    return { type: 's3', ...given, authMethod, region: given.region!, bucket: given.bucket! };
  }
  if (given instanceof StorageGcsConfig) return { type: 'gcs', ...given, bucket: given.bucket! };
  return { type: 'local', ...given, basePath: given.basePath! };
}

/** Two descriptions of the same storage are the same text then. */
function withoutAbsent<T extends BackendDescription>(description: T): T {
  const present = Object.entries(description).filter(([, value]) => value !== undefined);
  return Object.assign(
    Object.create(Object.getPrototypeOf(description) as object) as T,
    Object.fromEntries(present),
  );
}
