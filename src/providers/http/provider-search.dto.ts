import { IsOptional, IsString } from 'class-validator';
import { SearchMetaDto, SearchOffsetQueryDto } from '../../search/search-meta.dto.js';

/** A search over providers. */
export class ProviderSearchQueryDto extends SearchOffsetQueryDto {
  /** Every word is a part of the address or the description. */
  @IsOptional()
  @IsString()
  q?: string;

  @IsOptional()
  @IsString()
  namespace?: string;
}

/** A provider that was found. */
export class ProviderSearchItemDto {
  id: string;
  namespace: string;
  type: string;
  description: string | null;
  source: string | null;
  /** `""` when nothing is published. */
  latest_version: string;
  download_count: number;
  created_by: string | null;
  created_by_name: string | null;
  organization_id: string;
  organization_name: string;
  created_at: string;
  updated_at: string;
}

/** One page of providers. */
export class ProviderSearchPageDto {
  providers: ProviderSearchItemDto[];
  meta: SearchMetaDto;
}
