import type { BackendSettings } from '../../src/storage/domain/backend-settings.js';

/** The environment that makes a registry store its objects where `settings` say. */
export function storageEnv(settings: BackendSettings): Record<string, string> {
  const named = Object.entries(namesOf(settings)).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { TFR_STORAGE_DEFAULT_BACKEND: settings.type, ...Object.fromEntries(named) };
}

function namesOf(settings: BackendSettings): Record<string, string | undefined> {
  switch (settings.type) {
    case 'local':
      return { TFR_STORAGE_LOCAL_BASE_PATH: settings.basePath };
    case 's3':
      return {
        TFR_STORAGE_S3_ENDPOINT: settings.endpoint,
        TFR_STORAGE_S3_REGION: settings.region,
        TFR_STORAGE_S3_BUCKET: settings.bucket,
        TFR_STORAGE_S3_AUTH_METHOD: settings.authMethod,
        TFR_STORAGE_S3_ACCESS_KEY_ID: settings.accessKeyId,
        TFR_STORAGE_S3_SECRET_ACCESS_KEY: settings.secretAccessKey,
      };
    case 'azure':
      return {
        TFR_STORAGE_AZURE_ENDPOINT: settings.endpoint,
        TFR_STORAGE_AZURE_ACCOUNT_NAME: settings.accountName,
        TFR_STORAGE_AZURE_ACCOUNT_KEY: settings.accountKey,
        TFR_STORAGE_AZURE_CONTAINER_NAME: settings.containerName,
      };
    case 'gcs':
      return {
        TFR_STORAGE_GCS_ENDPOINT: settings.endpoint,
        TFR_STORAGE_GCS_BUCKET: settings.bucket,
        TFR_STORAGE_GCS_PROJECT_ID: settings.projectId,
        TFR_STORAGE_GCS_AUTH_METHOD: settings.authMethod,
        TFR_STORAGE_GCS_CREDENTIALS_JSON: settings.credentialsJson,
      };
  }
}
