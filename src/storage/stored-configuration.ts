import type { SealedColumn } from '../platform/crypto/sealed-columns.service.js';
import type { SecretBox } from '../platform/crypto/secret-box.js';
import type { BackendSettings } from './domain/backend-settings.js';
import type { StorageConfigurationEntity } from './persistence/storage-configuration.entity.js';

/** The secrets of stored configurations, each box sealed for its row (threat J1). */
export const STORAGE_SECRETS: SealedColumn = {
  table: 'storage_configurations',
  id: 'id',
  column: 'secrets_box',
  aadOf: (id) => `storage_configurations/secrets_box/${id}`,
};

/** A stored configuration with its secrets, as adapters need it. Throws `SecretUnreadable`. */
export function openSettings(row: StorageConfigurationEntity, box: SecretBox): BackendSettings {
  const secrets =
    row.secretsBox === null
      ? {}
      : JSON.parse(box.open(row.secretsBox, STORAGE_SECRETS.aadOf(row.id)).toString());
  return { ...row.settings, ...secrets, type: row.backendType } as BackendSettings;
}

/** The secrets of a configuration as they are stored in the row `id`; null without any. */
export function sealSecrets(id: string, secrets: Record<string, string>, box: SecretBox): Buffer | null {
  if (Object.keys(secrets).length === 0) return null;
  return box.seal(Buffer.from(JSON.stringify(secrets)), STORAGE_SECRETS.aadOf(id));
}
