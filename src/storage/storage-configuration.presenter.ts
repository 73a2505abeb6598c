import { shownFields } from './backend-fields.js';
import type { StorageConfiguration } from './storage-configuration-store.service.js';
import type { StorageConfigDto } from './storage-configuration.dto.js';

/** The shape of a storage configuration (`StorageConfig` of REST contract 4), without its secrets. */
export function presentStorage(configuration: StorageConfiguration): StorageConfigDto {
  const { id, settings, isActive, createdAt, updatedAt } = configuration;
  return {
    id,
    backend_type: settings.type,
    is_active: isActive,
    ...shownFields(settings),
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  } as StorageConfigDto;
}
