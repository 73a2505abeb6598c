import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { VersionLifeDto } from '../../platform/http/version-life.dto.js';

/** Text parts of a module upload. The archive is the file part `file`. */
export class PublishModuleDto {
  /** The namespace; claimed by the first upload into it. */
  @IsString()
  @MaxLength(64)
  namespace: string;

  @IsString()
  @MaxLength(64)
  name: string;

  /** The target system, e.g. `aws`. */
  @IsString()
  @MaxLength(64)
  system: string;

  /** Semantic version; `v1.2` is completed to `1.2.0`. */
  @IsString()
  @MaxLength(128)
  version: string;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  description?: string;

  /** Where the module is developed. */
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  source?: string;

  @IsOptional()
  @IsString()
  organization_id?: string;
}

/** The whole form of a module upload, as the interface document shows it. */
export class PublishModuleFormDto extends PublishModuleDto {
  /** The archive: a gzip-compressed tar. */
  @ApiProperty({ type: 'string', format: 'binary' })
  file: unknown;
}

/** A module record to create without a version. */
export class CreateModuleDto {
  @IsString()
  @MaxLength(64)
  namespace: string;

  @IsString()
  @MaxLength(64)
  name: string;

  @IsString()
  @MaxLength(64)
  system: string;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  description?: string;

  @IsOptional()
  @IsString()
  organization_id?: string;
}

/** Why a version should not be used any more. */
export class DeprecateModuleVersionDto {
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  message?: string;

  /** The module to use instead: `namespace/name/system` in this registry. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  replacement?: string;
}

/** Answer to a module upload. */
export class PublishedModuleDto {
  /** The module. */
  id: string;
  namespace: string;
  name: string;
  system: string;
  version: string;
  /** SHA-256 of the archive, lower-case hex. */
  checksum: string;
  size_bytes: number;
  /** The uploaded file name. */
  filename: string;
  created_at: string;
  version_id: string;
  /** What `publishing.version_check` found; absent without any. */
  warnings?: string[];
}

/** A module without its versions. */
export class ModuleRecordDto {
  id: string;
  organization_id: string;
  namespace: string;
  name: string;
  system: string;
  description?: string;
  source?: string;
  created_by?: string;
  created_by_name?: string;
  created_at: string;
  updated_at: string;
}

/** One version in the detail of a module. */
export class ModuleVersionDto extends VersionLifeDto {
  id: string;
  version: string;
  size_bytes: number;
  checksum: string;
  download_count: number;
  commit_sha?: string;
  tag_name?: string;
}

/** A module with all its versions, newest first. */
export class ModuleDetailDto {
  id: string;
  organization_id: string;
  organization_name: string;
  namespace: string;
  name: string;
  system: string;
  description: string | null;
  source: string | null;
  download_count: number;
  created_by: string | null;
  created_by_name: string | null;
  /** `""` when nothing is published. */
  latest_version: string;
  versions: ModuleVersionDto[];
  created_at: string;
  updated_at: string;
}

/** Answer to a change of a module. */
export class ModuleChangedDto {
  message: string;
  namespace: string;
  name: string;
  system: string;
}

/** Answer to a change of a version. */
export class ModuleVersionChangedDto extends ModuleChangedDto {
  version: string;
}
