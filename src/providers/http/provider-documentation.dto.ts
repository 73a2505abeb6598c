import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';

/** A documentation page in lists. */
export class ListedProviderPageDto {
  kind: 'index' | 'resources' | 'data-sources' | 'functions' | 'guides' | 'ephemeral-resources';
  /** `index` for the start page. */
  name: string;
  title: string;
  /** Heading under which the author wants the page; `""` when none was given. */
  subcategory: string;
  description: string;
  /** Path of its file below the folder of the documentation. */
  path: string;
}

/** A documentation page with its content. */
export class ProviderPageDto extends ListedProviderPageDto {
  /** Safe HTML. Ids begin with `readme-`; links to other pages are paths of this interface. */
  html: string;
}

/** The documentation of a provider version. */
export class ProviderDocumentationDto {
  status: 'pending' | 'ready' | 'failed';
  /** One sentence each, for the author. */
  problems: string[];
  /** By kind, in each kind by name. */
  pages: ListedProviderPageDto[];
}

/** Which stored versions are to be documented again. */
export class ReanalyzeProvidersDto {
  /** Without it every provider of the registry, which only a platform administrator may ask for. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  namespace?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  type?: string;

  @IsOptional()
  @IsString()
  @MaxLength(128)
  version?: string;

  /** `failed`: only those whose archive could not be read. */
  @IsOptional()
  @IsIn(['all', 'failed'])
  only?: 'all' | 'failed';
}

/** How many versions will be documented again. */
export class ProvidersQueuedDto {
  queued: number;
}
