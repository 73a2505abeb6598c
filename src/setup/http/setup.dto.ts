import { IsArray, IsIn, IsObject, IsOptional, IsString, MaxLength } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { StorageConfigDto } from '../../storage/storage-configuration.dto.js';

const TEXT = 2_048;

/** How far the first-run setup is. */
export class SetupStatusDto {
  setup_completed!: boolean;
  storage_configured!: boolean;
  oidc_configured!: boolean;
  admin_configured!: boolean;
  setup_required!: boolean;
  storage_configured_at?: string;
}

/** The token is the right one. */
export class SetupTokenValidDto {
  @ApiProperty({ enum: [true] })
  valid!: true;
  message!: string;
}

/** An identity provider, as the wizard sends it. */
export class SetupOidcDto {
  @IsOptional()
  @IsString({ message: 'name must be a text' })
  @MaxLength(255)
  name?: string;

  @IsIn(['generic_oidc', 'azuread'], { message: 'provider_type must be generic_oidc or azuread' })
  provider_type!: 'generic_oidc' | 'azuread';

  @IsString({ message: 'issuer_url is required' })
  @MaxLength(TEXT)
  issuer_url!: string;

  @IsString({ message: 'client_id is required' })
  @MaxLength(TEXT)
  client_id!: string;

  @IsString({ message: 'client_secret is required' })
  @MaxLength(TEXT)
  client_secret!: string;

  @IsString({ message: 'redirect_url is required' })
  @MaxLength(TEXT)
  redirect_url!: string;

  @IsOptional()
  @IsArray({ message: 'scopes must be a list of texts' })
  @IsString({ each: true, message: 'scopes must be a list of texts' })
  @ApiPropertyOptional({ type: [String] })
  scopes?: string[];

  @IsOptional()
  @IsObject({ message: 'extra_config must be an object' })
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  extra_config?: Record<string, unknown>;
}

/** What a test found. */
export class SetupTestDto {
  success!: boolean;
  message!: string;
  issuer?: string;
}

/** The identity provider that is active now; never its secret. */
export class SetupOidcConfigDto {
  id!: string;
  name!: string;
  provider_type!: string;
  issuer_url!: string;
  client_id!: string;
  redirect_url!: string;
  @ApiProperty({ type: [String] })
  scopes!: string[];
  is_active!: boolean;
  created_at!: string;
  updated_at!: string;
}

/** The storage step was done. */
export class SetupStorageDoneDto {
  message!: string;
  config!: StorageConfigDto;
}

/** Who is to administer the registry. */
export class SetupAdminDto {
  @IsString({ message: 'A valid email address is required' })
  @MaxLength(320, { message: 'A valid email address is required' })
  email!: string;

  @IsOptional()
  @IsString({ message: 'name must be a text' })
  @MaxLength(255)
  name?: string;

  @IsOptional()
  @IsString({ message: 'password must be a text' })
  @MaxLength(1_024, { message: 'password must have at most 1024 characters' })
  password?: string;
}

/** Who administers the registry. */
export class SetupAdminDoneDto {
  message!: string;
  email!: string;
  organization!: string;
  @ApiProperty({ enum: ['Administrator'] })
  role!: 'Administrator';
}

/** The setup is finished. */
export class SetupCompletedDto {
  message!: string;
  @ApiProperty({ enum: [true] })
  setup_completed!: true;
}
