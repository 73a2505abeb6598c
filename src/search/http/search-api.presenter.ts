import type { SearchHit, SearchPage } from '../search-request.js';
import type { SearchFacetsDto, SearchItemDto } from './search-api.dto.js';

/** One row of REST contract 30.6. */
export function presentHit(hit: SearchHit): SearchItemDto {
  return {
    kind: hit.kind,
    id: hit.id,
    namespace: hit.namespace,
    name: hit.name,
    system: hit.system,
    description: hit.description,
    source: hit.source,
    latest_version: hit.latestVersion,
    latest_published_at: hit.latestPublishedAt?.toISOString() ?? null,
    download_count: hit.downloads,
    deprecated: hit.deprecated,
    verified: hit.verified,
    created_by: hit.createdBy,
    created_by_name: hit.createdByName,
    organization_id: hit.organizationId,
    organization_name: hit.organizationName,
    created_at: hit.createdAt.toISOString(),
    updated_at: hit.updatedAt.toISOString(),
  };
}

/** The facets of REST contract 30.6. */
export function presentFacets({ facets }: SearchPage): SearchFacetsDto {
  const { kind = [], namespace = [], system = [], provider = [] } = facets ?? {};
  return { kind: [...kind], namespace: [...namespace], system: [...system], provider: [...provider] };
}
