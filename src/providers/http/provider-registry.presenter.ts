import type { SearchHit } from '../../search/search-request.js';
import type { ListedPage } from '../domain/provider-documentation.js';
import type { RegistryProviderDetail } from '../provider-registry-details.service.js';
import type {
  ListedProviderDto,
  RegistryProviderDetailDto,
  RegistryProviderDocDto,
} from './provider-registry.dto.js';

/** A row of a list of the public registry API. */
export function presentListedProvider(hit: SearchHit): ListedProviderDto {
  return {
    id: `${hit.namespace}/${hit.name}/${hit.latestVersion}`,
    owner: hit.organizationName,
    namespace: hit.namespace,
    name: hit.name,
    version: hit.latestVersion,
    description: hit.description ?? '',
    source: hit.source ?? '',
    published_at: (hit.latestPublishedAt ?? hit.updatedAt).toISOString(),
    downloads: hit.downloads,
    verified: hit.verified,
  };
}

/** A provider at one version, in the form of the public registry API. */
export function presentRegistryDetail(detail: RegistryProviderDetail): RegistryProviderDetailDto {
  const { provider, release } = detail;
  const { version } = release;
  return {
    id: `${provider.namespace}/${provider.type}/${version.version}`,
    owner: detail.organizationName,
    namespace: provider.namespace,
    name: provider.type,
    version: version.version,
    description: provider.description ?? '',
    source: provider.source ?? '',
    published_at: version.publishedAt.toISOString(),
    downloads: detail.downloads,
    verified: detail.isVerified,
    deprecated: version.deprecatedAt !== null,
    ...(version.deprecationMessage !== null && { deprecation_message: version.deprecationMessage }),
    state: version.state as RegistryProviderDetailDto['state'],
    ...(version.stateReason !== null && { state_reason: version.stateReason }),
    versions: [...detail.versions],
    docs: detail.pages.map(presentDoc),
  };
}

function presentDoc({ kind, name, title, subcategory, path }: ListedPage): RegistryProviderDocDto {
  return { title, path, slug: name, category: kind, subcategory, language: 'hcl' };
}
