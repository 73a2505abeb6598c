import { IsOptional, IsString, MaxLength } from 'class-validator';
import { ProtocolListMetaDto, ProtocolListQueryDto } from '../../platform/http/protocol-list.dto.js';

/** A search among providers; `q` is required. */
export class SearchProvidersQueryDto extends ProtocolListQueryDto {
  @IsOptional()
  @IsString()
  @MaxLength(500)
  q?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  namespace?: string;
}

/**
 * A provider in lists, at its latest version. Of the fields of the public registry `alias`, `tag`, `tier` and `logo_url`
 * are never there: this registry does not know them.
 */
export class ListedProviderDto {
  /** `namespace/name/version` */
  id: string;
  /** Name of the organization that owns the namespace. */
  owner: string;
  namespace: string;
  /** The type, e.g. `mycloud`. */
  name: string;
  version: string;
  /** `""` without one. */
  description: string;
  /** Where the provider is developed; `""` when nobody said. */
  source: string;
  published_at: string;
  /** Downloads of all versions. */
  downloads: number;
  /** Whether the publisher signed the latest version. */
  verified: boolean;
}

/** A page of providers. */
export class ListedProvidersDto {
  meta: ProtocolListMetaDto;
  providers: ListedProviderDto[];
}

/** A documentation page of a version; its content is at `/api/v1/providers/…/docs/{category}/{slug}`. */
export class RegistryProviderDocDto {
  title: string;
  /** Path of its file below the folder of the documentation. */
  path: string;
  slug: string;
  category: 'index' | 'resources' | 'data-sources' | 'functions' | 'guides' | 'ephemeral-resources';
  /** `""` when none was given. */
  subcategory: string;
  /** Pages for other languages are not kept. */
  language: 'hcl';
}

/** A provider at one version. */
export class RegistryProviderDetailDto extends ListedProviderDto {
  /** Whether the version should not be used any more. */
  deprecated: boolean;
  deprecation_message?: string;
  state: 'active' | 'withdrawn' | 'quarantined';
  state_reason?: string;
  /** Every active version, newest first. */
  versions: string[];
  /** By kind, in each kind by name. */
  docs: RegistryProviderDocDto[];
}
