import type { SearchHit } from '../../search/search-request.js';
import type { ModuleInput, ModulePart, ModuleProvider } from '../domain/module-analysis.js';
import type { RegistryModuleDetail } from '../module-registry-details.service.js';
import type {
  ListedModuleDto,
  RegistryInputDto,
  RegistryModuleDetailDto,
  RegistryModulePartDto,
  RegistryProviderDependencyDto,
} from './module-registry.dto.js';

/** A row of a list of the public registry API. */
export function presentListedModule(hit: SearchHit): ListedModuleDto {
  const system = hit.system ?? '';
  return {
    id: `${hit.namespace}/${hit.name}/${system}/${hit.latestVersion}`,
    owner: hit.organizationName,
    namespace: hit.namespace,
    name: hit.name,
    version: hit.latestVersion,
    provider: system,
    description: hit.description ?? '',
    source: hit.source ?? '',
    published_at: (hit.latestPublishedAt ?? hit.updatedAt).toISOString(),
    downloads: hit.downloads,
    verified: hit.verified,
  };
}

/** A module at one version, in the form of the public registry API. */
export function presentRegistryDetail(detail: RegistryModuleDetail): RegistryModuleDetailDto {
  const { module, version, parts } = detail;
  const ofKind = (kind: ModulePart['kind']) =>
    parts.filter((part) => part.kind === kind).map((part) => presentPart(part, module.name));
  return {
    id: `${module.namespace}/${module.name}/${module.system}/${version.version}`,
    owner: detail.organizationName,
    namespace: module.namespace,
    name: module.name,
    version: version.version,
    provider: module.system,
    description: module.description ?? '',
    source: module.source ?? '',
    published_at: version.publishedAt.toISOString(),
    downloads: detail.downloads,
    verified: detail.isVerified,
    ...(version.deprecatedAt !== null && {
      deprecation: { reason: version.deprecationMessage ?? '', link: version.replacement ?? '' },
    }),
    state: version.state as RegistryModuleDetailDto['state'],
    ...(version.stateReason !== null && { state_reason: version.stateReason }),
    root: ofKind('root')[0]!,
    submodules: ofKind('submodule'),
    examples: ofKind('example'),
    providers: [...detail.systems],
    versions: [...detail.versions],
  };
}

function presentPart(part: ModulePart, moduleName: string): RegistryModulePartDto {
  return {
    path: part.path,
    name: part.path === '' ? moduleName : part.path.slice(part.path.lastIndexOf('/') + 1),
    readme: part.readme,
    empty: part.empty,
    inputs: part.inputs.map(presentInput),
    outputs: part.outputs.map(({ name, description }) => ({ name, description })),
    dependencies: part.calls.map(({ name, source, version }) => ({ name, source, version })),
    provider_dependencies: part.providers.map(presentProvider),
    resources: part.resources
      .filter(({ mode }) => mode === 'managed')
      .map(({ name, type }) => ({ name, type })),
  };
}

function presentInput(input: ModuleInput): RegistryInputDto {
  const { name, type, description, required } = input;
  return { name, type, description, default: required ? '' : JSON.stringify(input.default), required };
}

/** The namespace is the part before the type: `hashicorp` of `registry.terraform.io/hashicorp/aws`. */
function presentProvider({ name, source, version }: ModuleProvider): RegistryProviderDependencyDto {
  return { name, namespace: source.split('/').at(-2) ?? '', source, version };
}
