import { IsOptional, IsString, MaxLength } from 'class-validator';
import { ProtocolListMetaDto, ProtocolListQueryDto } from '../../platform/http/protocol-list.dto.js';

/** What narrows a list of modules. */
export class ListModulesQueryDto extends ProtocolListQueryDto {
  /** The target system, e.g. `aws`. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  provider?: string;
}

/** A search among modules; `q` is required. */
export class SearchModulesQueryDto extends ListModulesQueryDto {
  @IsOptional()
  @IsString()
  @MaxLength(500)
  q?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  namespace?: string;
}

/** A module in lists, at its latest version. */
export class ListedModuleDto {
  /** `namespace/name/provider/version` */
  id: string;
  /** Name of the organization that owns the namespace. */
  owner: string;
  namespace: string;
  name: string;
  version: string;
  /** The target system. */
  provider: string;
  /** `""` without one. */
  description: string;
  /** Where the module is developed; `""` when nobody said. */
  source: string;
  published_at: string;
  /** Downloads of all versions. */
  downloads: number;
  verified: boolean;
}

/** A page of modules. */
export class ListedModulesDto {
  meta: ProtocolListMetaDto;
  modules: ListedModuleDto[];
}

/** An input of a part of a module. */
export class RegistryInputDto {
  name: string;
  /** The type expression on one line. */
  type: string;
  description: string;
  /** The default as JSON text; `""` when the input is required. */
  default: string;
  required: boolean;
}

/** An output of a part of a module. */
export class RegistryOutputDto {
  name: string;
  description: string;
}

/** A module that a part calls. */
export class RegistryModuleDependencyDto {
  name: string;
  source: string;
  /** Version constraint; `""` without one. */
  version: string;
}

/** A provider that a part needs. */
export class RegistryProviderDependencyDto {
  name: string;
  /** First part of `source`; `""` when it has none. */
  namespace: string;
  /** Address as the module names it, e.g. `hashicorp/aws`. */
  source: string;
  /** Version constraint; `""` for any. */
  version: string;
}

/** A resource that a part declares. */
export class RegistryResourceDto {
  name: string;
  type: string;
}

/** The root module, a submodule or an example. */
export class RegistryModulePartDto {
  /** `""` for the root module. */
  path: string;
  name: string;
  /** Markdown, as the author wrote it; `""` without one. */
  readme: string;
  /** Whether the folder declares nothing at all. */
  empty: boolean;
  inputs: RegistryInputDto[];
  outputs: RegistryOutputDto[];
  dependencies: RegistryModuleDependencyDto[];
  provider_dependencies: RegistryProviderDependencyDto[];
  resources: RegistryResourceDto[];
}

/** Why a version should not be used any more. */
export class RegistryDeprecationDto {
  reason: string;
  /** What to use instead; `""` when nobody said. */
  link: string;
}

/** A module at one version. Lists of a version that is not analyzed yet are empty. */
export class RegistryModuleDetailDto extends ListedModuleDto {
  /** Only for a deprecated version. */
  deprecation?: RegistryDeprecationDto;
  state: 'active' | 'withdrawn' | 'quarantined';
  state_reason?: string;
  root: RegistryModulePartDto;
  submodules: RegistryModulePartDto[];
  examples: RegistryModulePartDto[];
  /** Target systems for which there is a module of this name. */
  providers: string[];
  /** Every active version, newest first. */
  versions: string[];
}
