import { IsIn, IsOptional, IsString } from 'class-validator';
import { SearchMetaDto, SearchPageQueryDto } from '../search-meta.dto.js';

const KINDS = ['module', 'provider'] as const;
const FLAGS = ['true', 'false'] as const;

/** A search over modules and providers. */
export class SearchQueryDto extends SearchPageQueryDto {
  /** Words of names, descriptions, inputs, resources and READMEs; all of them must be found. */
  @IsOptional()
  @IsString()
  q?: string;

  @IsOptional()
  @IsIn(KINDS)
  type?: (typeof KINDS)[number];

  @IsOptional()
  @IsString()
  namespace?: string;

  @IsOptional()
  @IsString()
  system?: string;

  /** Modules that need this provider: its local name (`aws`) or its source address (`hashicorp/aws`). */
  @IsOptional()
  @IsString()
  provider?: string;

  /** The latest version was published by a trusted pipeline, or signed by its publisher. */
  @IsOptional()
  @IsIn(FLAGS)
  verified?: (typeof FLAGS)[number];

  /** Every version is deprecated. */
  @IsOptional()
  @IsIn(FLAGS)
  deprecated?: (typeof FLAGS)[number];
}

/** A module or provider that was found. */
export class SearchItemDto {
  kind: 'module' | 'provider';
  id: string;
  namespace: string;
  /** Name of a module, type of a provider. */
  name: string;
  system: string | null;
  description: string | null;
  source: string | null;
  /** `""` when nothing is published. */
  latest_version: string;
  latest_published_at: string | null;
  download_count: number;
  deprecated: boolean;
  verified: boolean;
  created_by: string | null;
  created_by_name: string | null;
  organization_id: string;
  organization_name: string;
  created_at: string;
  updated_at: string;
}

/** How many of the rows found have a value. */
export class SearchFacetDto {
  value: string;
  count: number;
}

/** The most frequent values, ten of each; of a very large result those of its first 10 000 rows. */
export class SearchFacetsDto {
  kind: SearchFacetDto[];
  namespace: SearchFacetDto[];
  system: SearchFacetDto[];
  provider: SearchFacetDto[];
}

/** One page of a search. */
export class SearchPageDto {
  items: SearchItemDto[];
  facets: SearchFacetsDto;
  meta: SearchMetaDto;
}
