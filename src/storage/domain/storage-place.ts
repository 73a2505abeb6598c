import type { BackendSettings } from './backend-settings.js';

/**
 * The place that settings lead to, as far as can be seen without asking: two storages at one place would take each
 * other's objects for left over.
 */
export function placeOf(settings: BackendSettings): string {
  switch (settings.type) {
    case 'local':
      return `local ${settings.basePath}`;
    case 'azure':
      return `azure ${settings.endpoint ?? ''} ${settings.accountName} ${settings.containerName}`;
    case 's3':
      // The names of buckets are unique in AWS, whatever the region.
      return `s3 ${settings.endpoint ?? ''} ${settings.bucket}`;
    case 'gcs':
      return `gcs ${settings.endpoint ?? ''} ${settings.bucket}`;
  }
}
