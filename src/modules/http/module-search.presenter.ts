import type { SearchHit } from '../../search/search-request.js';
import type { ModuleSearchItemDto } from './module-search.dto.js';

/** `ModuleSearchItem` of REST contract 4. */
export function presentFoundModule(hit: SearchHit): ModuleSearchItemDto {
  return {
    id: hit.id,
    namespace: hit.namespace,
    name: hit.name,
    system: hit.system ?? '',
    description: hit.description,
    source: hit.source,
    latest_version: hit.latestVersion,
    download_count: hit.downloads,
    created_by: hit.createdBy,
    created_by_name: hit.createdByName,
    organization_id: hit.organizationId,
    organization_name: hit.organizationName,
    created_at: hit.createdAt.toISOString(),
    updated_at: hit.updatedAt.toISOString(),
  };
}
