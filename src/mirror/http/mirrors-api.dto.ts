import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { KEY_TRUST_LEVELS } from '../domain/mirror.js';

const isSent = (_body: object, value: unknown): boolean => value !== undefined;
const flag = (name: string) => ({ message: `${name} must be true or false` });
const list = (name: string) => ({ message: `${name} must be a list of texts` });
const whole = (name: string) => ({ message: `${name} must be a whole number` });

/** When a version that needs an approval gets it without a person; everything that is set must hold. */
export class AutoApprovalDto {
  /** Its release is signed by a key that counts already. */
  @IsOptional()
  @IsBoolean(flag('signed_by_trusted_key'))
  @ApiPropertyOptional({ type: Boolean, nullable: true })
  signed_by_trusted_key?: boolean | null;

  /** Major and minor number are those of a version that is here. */
  @IsOptional()
  @IsBoolean(flag('patch_only'))
  @ApiPropertyOptional({ type: Boolean, nullable: true })
  patch_only?: boolean | null;

  /** A version filter, e.g. `~> 5.0`. */
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  @ApiPropertyOptional({ type: String, nullable: true })
  version_constraint?: string | null;

  /** Days since the version was first seen at the upstream. */
  @IsOptional()
  @IsInt(whole('min_age_days'))
  @ApiPropertyOptional({ type: Number, nullable: true })
  min_age_days?: number | null;
}

/** What may be said of a mirror; absent is the default, or stays as it is. */
export class MirrorSettingsDto {
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  @ApiPropertyOptional({ type: String, nullable: true })
  description?: string | null;

  /** Sent to the upstream as bearer token; never shown. `null` takes it out, an empty text leaves it. */
  @IsOptional()
  @IsString()
  @MaxLength(4096)
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  upstream_token?: string | null;

  /** Whose readers get what is mirrored; without one everybody who may read anything here. */
  @IsOptional()
  @IsString()
  @ApiPropertyOptional({ type: String, nullable: true })
  organization_id?: string | null;

  /** Names, or patterns with `*` and `?`. */
  @IsOptional()
  @IsArray(list('namespace_filter'))
  @ArrayMaxSize(500)
  @IsString({ each: true, ...list('namespace_filter') })
  @ApiPropertyOptional({ type: [String], nullable: true })
  namespace_filter?: string[] | null;

  /** Names, or patterns with `*` and `?`. */
  @IsOptional()
  @IsArray(list('provider_filter'))
  @ArrayMaxSize(500)
  @IsString({ each: true, ...list('provider_filter') })
  @ApiPropertyOptional({ type: [String], nullable: true })
  provider_filter?: string[] | null;

  /** `latest:3`, `3.x`, `>= 3.0, < 4.0`, or versions; empty: all. */
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  @ApiPropertyOptional({ type: String, nullable: true })
  version_filter?: string | null;

  /** `os/arch`; empty: all. */
  @IsOptional()
  @IsArray(list('platform_filter'))
  @ArrayMaxSize(200)
  @IsString({ each: true, ...list('platform_filter') })
  @ApiPropertyOptional({ type: [String], nullable: true })
  platform_filter?: string[] | null;

  /** Whether filters other than exact versions want pre-releases. */
  @IsOptional()
  @IsBoolean(flag('with_prereleases'))
  @ApiPropertyOptional({ type: Boolean, nullable: true, default: false })
  with_prereleases?: boolean | null;

  /** Whose signatures count. */
  @IsOptional()
  @IsString()
  @ApiPropertyOptional({ enum: KEY_TRUST_LEVELS, nullable: true, default: 'partner' })
  key_trust?: string | null;

  /** Days that a version must have been seen before it is fetched. */
  @IsOptional()
  @IsInt(whole('cool_down_days'))
  @ApiPropertyOptional({ type: Number, nullable: true, default: 0 })
  cool_down_days?: number | null;

  /** `null`: every approval is given by a person. */
  @IsOptional()
  @IsObject({ message: 'auto_approval must be an object' })
  @ValidateNested()
  @Type(() => AutoApprovalDto)
  @ApiPropertyOptional({ type: AutoApprovalDto, nullable: true })
  auto_approval?: AutoApprovalDto | null;

  /** Whether what is asked for and not here is fetched at once. */
  @IsOptional()
  @IsBoolean(flag('pull_through'))
  @ApiPropertyOptional({ type: Boolean, nullable: true, default: false })
  pull_through?: boolean | null;

  /** Names of namespaces of the upstream whose modules are fetched when somebody asks for them; needs `pull_through`. */
  @IsOptional()
  @IsArray(list('module_namespaces'))
  @ArrayMaxSize(500)
  @IsString({ each: true, ...list('module_namespaces') })
  @ApiPropertyOptional({ type: [String], nullable: true })
  module_namespaces?: string[] | null;

  /** Newest versions of each provider that are kept; `null`: all. */
  @IsOptional()
  @IsInt(whole('keep_versions'))
  @ApiPropertyOptional({ type: Number, nullable: true })
  keep_versions?: number | null;

  /** A version that was downloaded in the last so many days is kept; `null`: not looked at. */
  @IsOptional()
  @IsInt(whole('keep_used_days'))
  @ApiPropertyOptional({ type: Number, nullable: true })
  keep_used_days?: number | null;

  /** Whether it runs on its schedule. */
  @IsOptional()
  @IsBoolean(flag('enabled'))
  @ApiPropertyOptional({ type: Boolean, nullable: true, default: true })
  enabled?: boolean | null;

  @IsOptional()
  @IsInt(whole('sync_interval_hours'))
  @ApiPropertyOptional({ type: Number, nullable: true, default: 24 })
  sync_interval_hours?: number | null;
}

/** A mirror to add. */
export class CreateMirrorDto extends MirrorSettingsDto {
  /** Unique without case. */
  @IsString({ message: 'name is required' })
  name!: string;

  /** Scheme and host name, e.g. `https://registry.terraform.io`. */
  @IsString({ message: 'upstream_registry_url is required' })
  @MaxLength(2000)
  upstream_registry_url!: string;
}

/** What changes about a mirror. */
export class UpdateMirrorDto extends MirrorSettingsDto {
  @ValidateIf(isSent)
  @IsString()
  name?: string;

  @ValidateIf(isSent)
  @IsString()
  @MaxLength(2000)
  upstream_registry_url?: string;
}

/** Which mirrors a list shows. */
export class MirrorListQueryDto {
  /** `true`: only those that run on their schedule. */
  @IsOptional()
  @IsString()
  enabled?: string;
}

/** Whether what a mirror brought goes with it. */
export class DeleteMirrorQueryDto {
  /** `true`: its providers are deleted too. */
  @IsOptional()
  @IsString()
  purge?: string;
}

/** The rules of a mirror for approvals without a person. */
export class AutoApprovalRulesDto {
  signed_by_trusted_key?: boolean;
  patch_only?: boolean;
  version_constraint?: string;
  min_age_days?: number;
}

/** A mirror (REST contract 4). */
export class MirrorDto {
  id!: string;
  name!: string;
  description?: string;
  upstream_registry_url!: string;
  upstream_token_set!: boolean;
  organization_id?: string;
  /** JSON text of a list. */
  namespace_filter?: string;
  /** JSON text of a list. */
  provider_filter?: string;
  version_filter?: string;
  /** JSON text of a list of `os/arch`. */
  platform_filter?: string;
  with_prereleases!: boolean;
  @ApiProperty({ enum: KEY_TRUST_LEVELS })
  key_trust!: string;
  cool_down_days!: number;
  auto_approval?: AutoApprovalRulesDto;
  pull_through!: boolean;
  module_namespaces?: string[];
  keep_versions?: number;
  keep_used_days?: number;
  enabled!: boolean;
  sync_interval_hours!: number;
  last_sync_at?: string;
  last_success_at?: string;
  @ApiPropertyOptional({ enum: ['in_progress', 'success', 'failed'] })
  last_sync_status?: string;
  last_sync_error?: string;
  next_sync_at?: string;
  created_at!: string;
  updated_at!: string;
  created_by?: string;
}

/** All mirrors that the caller may see. */
export class MirrorListDto {
  mirrors!: MirrorDto[];
}

/** What was done, in a sentence. */
export class MirrorMessageDto {
  message!: string;
}
