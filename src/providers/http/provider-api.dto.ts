import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { VersionLifeDto } from '../../platform/http/version-life.dto.js';

/** Text parts of a provider upload. The zip is the file part `file`. */
export class PublishProviderDto {
  /** The namespace; claimed by the first upload into it. */
  @IsString()
  @MaxLength(64)
  namespace: string;

  @IsString()
  @MaxLength(64)
  type: string;

  /** Semantic version; `v1.2` is completed to `1.2.0`. */
  @IsString()
  @MaxLength(128)
  version: string;

  /** Left out, like `arch`, when a whole release comes in one call. */
  @IsOptional()
  @IsString()
  @MaxLength(32)
  os?: string;

  @IsOptional()
  @IsString()
  @MaxLength(32)
  arch?: string;

  /** JSON array as text, e.g. `["5.0"]`. */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  protocols?: string;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  description?: string;

  /** Where the provider is developed. */
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  source?: string;

  @IsOptional()
  @IsString()
  organization_id?: string;
}

/** The whole form of a provider upload, as the interface document shows it. */
export class PublishProviderFormDto extends PublishProviderDto {
  /** The zip; several of them, under their canonical names, for a whole release. */
  @ApiProperty({ type: 'array', items: { type: 'string', format: 'binary' } })
  file: unknown[];

  /** Armored public key of the publisher, as text or as a file. */
  @ApiProperty({ required: false })
  gpg_public_key?: string;

  /** `SHA256SUMS`, byte for byte as signed. */
  @ApiProperty({ type: 'string', format: 'binary', required: false })
  shasums_file?: unknown;

  /** Detached OpenPGP signature of it. */
  @ApiProperty({ type: 'string', format: 'binary', required: false })
  shasums_signature_file?: unknown;

  /** Documentation: a zip or gzip-compressed tar of the folder `docs/`. */
  @ApiProperty({ type: 'string', format: 'binary', required: false })
  docs_file?: unknown;
}

/** Why a version should not be used any more. */
export class DeprecateProviderVersionDto {
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  message?: string;

  /** The provider to use instead: `namespace/type` in this registry. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  replacement?: string;
}

/** Answer to an upload of one platform. */
export class PublishedPlatformDto {
  /** The provider. */
  id: string;
  namespace: string;
  type: string;
  version: string;
  os: string;
  arch: string;
  protocols: string[];
  /** SHA-256 of the zip, lower-case hex. */
  checksum: string;
  size_bytes: number;
  /** Canonical file name. */
  filename: string;
  version_id: string;
  /** Whether the publisher signed the checksum document. */
  signed: boolean;
}

/** One platform of a release that came in one call. */
export class ReleasePlatformDto {
  os: string;
  arch: string;
  checksum: string;
  size_bytes: number;
  filename: string;
}

/** Answer to an upload of a whole release. */
export class PublishedReleaseDto {
  id: string;
  namespace: string;
  type: string;
  version: string;
  protocols: string[];
  version_id: string;
  signed: boolean;
  platforms: ReleasePlatformDto[];
}

/** One platform in the detail of a provider. */
export class ProviderPlatformDto {
  id: string;
  os: string;
  arch: string;
  filename: string;
  shasum: string;
  size_bytes: number;
  download_count: number;
}

/** One version in the detail of a provider. */
export class ProviderVersionDto extends VersionLifeDto {
  id: string;
  version: string;
  protocols: string[];
  signed: boolean;
  platforms: ProviderPlatformDto[];
}

/** A provider with all its versions, newest first. */
export class ProviderDetailDto {
  id: string;
  organization_id: string;
  organization_name: string;
  namespace: string;
  type: string;
  description: string | null;
  source: string | null;
  download_count: number;
  created_by: string | null;
  created_by_name: string | null;
  /** `""` when nothing is published. */
  latest_version: string;
  versions: ProviderVersionDto[];
  created_at: string;
  updated_at: string;
}

/** Answer to a change of a provider. */
export class ProviderChangedDto {
  message: string;
  namespace: string;
  type: string;
}

/** Answer to a change of a version. */
export class ProviderVersionChangedDto extends ProviderChangedDto {
  version: string;
}

/** The key with which the registry signs what publishers did not sign. */
export class RegistrySigningKeyDto {
  fingerprint: string;
  key_id: string;
  ascii_armor: string;
}
