import type { SearchHit } from '../../search/search-request.js';
import type { ProviderSearchItemDto } from './provider-search.dto.js';

/** `ProviderSearchItem` of REST contract 4. */
export function presentFoundProvider(hit: SearchHit): ProviderSearchItemDto {
  return {
    id: hit.id,
    namespace: hit.namespace,
    type: hit.name,
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
