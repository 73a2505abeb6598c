import { presentLife } from '../../platform/http/version-life.presenter.js';
import type { RegistryModule } from '../domain/registry-module.js';
import type { CountedModuleVersion, ModuleDetail } from '../module-catalog.service.js';
import type { PublishedModule } from '../module-publishing.service.js';
import type {
  ModuleDetailDto,
  ModuleRecordDto,
  ModuleVersionDto,
  PublishedModuleDto,
} from './module-api.dto.js';

/** The 201 of REST contract 15. */
export function presentPublished(
  { module, version, warnings }: PublishedModule,
  filename: string,
): PublishedModuleDto {
  return {
    id: module.id,
    namespace: module.namespace,
    name: module.name,
    system: module.system,
    version: version.version,
    checksum: version.digest,
    size_bytes: version.sizeBytes,
    filename,
    created_at: version.createdAt.toISOString(),
    version_id: version.id,
    ...(warnings.length > 0 && { warnings: [...warnings] }),
  };
}

/** `ModuleRecord` of REST contract 4. */
export function presentRecord(module: RegistryModule): ModuleRecordDto {
  return {
    id: module.id,
    organization_id: module.organizationId,
    namespace: module.namespace,
    name: module.name,
    system: module.system,
    description: module.description ?? undefined,
    source: module.source ?? undefined,
    created_by: module.createdBy ?? undefined,
    created_by_name: module.createdByName ?? undefined,
    created_at: module.createdAt.toISOString(),
    updated_at: module.updatedAt.toISOString(),
  };
}

/** The detail of REST contract 15. */
export function presentDetail({ module, versions, ...detail }: ModuleDetail): ModuleDetailDto {
  return {
    id: module.id,
    organization_id: module.organizationId,
    organization_name: detail.organizationName,
    namespace: module.namespace,
    name: module.name,
    system: module.system,
    description: module.description,
    source: module.source,
    download_count: detail.downloads,
    created_by: module.createdBy,
    created_by_name: module.createdByName,
    latest_version: detail.latestVersion,
    versions: versions.map(presentVersion),
    created_at: module.createdAt.toISOString(),
    updated_at: module.updatedAt.toISOString(),
  };
}

function presentVersion(version: CountedModuleVersion): ModuleVersionDto {
  return {
    id: version.id,
    version: version.version,
    size_bytes: version.sizeBytes,
    checksum: version.digest,
    download_count: version.downloads,
    created_at: version.createdAt.toISOString(),
    ...presentLife(version),
  };
}
