import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { BACKEND_TYPES, type BackendType } from './domain/backend-settings.js';

const TEXT = 2_048;
/** More than any credentials file of Google. */
const DOCUMENT = 65_536;

/** A text that may be absent; null and empty mean nothing is given. */
function Text(maxLength = TEXT): PropertyDecorator {
  return (target, property) => {
    const message = `${String(property)} must be a text of at most ${maxLength} characters`;
    IsOptional()(target, property);
    IsString({ message })(target, property as string);
    MaxLength(maxLength, { message })(target, property as string);
    ApiPropertyOptional({ type: String, maxLength, nullable: true })(target, property);
  };
}

/** true or false, or absent. */
function Flag(): PropertyDecorator {
  return (target, property) => {
    IsOptional()(target, property);
    IsBoolean({ message: `${String(property)} must be true or false` })(target, property as string);
    ApiPropertyOptional({ type: Boolean, nullable: true })(target, property);
  };
}

/** A storage backend as an administrator enters it: the settings of the backend by their names. Others are ignored. */
export class StorageInputDto {
  @IsIn([...BACKEND_TYPES], { message: 'backend_type must be local, azure, s3 or gcs' })
  @ApiProperty({ enum: BACKEND_TYPES })
  backend_type!: BackendType;

  @Text() local_base_path?: string | null;
  @Flag() local_serve_directly?: boolean | null;

  @Text() azure_account_name?: string | null;
  @Text() azure_account_key?: string | null;
  @Text() azure_container_name?: string | null;
  @Text() azure_auth_method?: string | null;
  @Text() azure_endpoint?: string | null;
  @Text() azure_cdn_url?: string | null;
  @Text() azure_sas_token_expiry?: string | null;
  @Text() azure_access_tier?: string | null;
  @Text() azure_mirror_access_tier?: string | null;

  @Text() s3_endpoint?: string | null;
  @Text() s3_public_endpoint?: string | null;
  @Text() s3_region?: string | null;
  @Text() s3_bucket?: string | null;
  @Text() s3_auth_method?: string | null;
  @Text() s3_access_key_id?: string | null;
  @Text() s3_secret_access_key?: string | null;
  @Text() s3_role_arn?: string | null;
  @Text() s3_role_session_name?: string | null;
  @Text() s3_external_id?: string | null;
  @Text() s3_web_identity_token_file?: string | null;
  @Flag() s3_force_path_style?: boolean | null;
  @Text() s3_storage_class?: string | null;
  @Text() s3_sse?: string | null;
  @Text() s3_sse_kms_key_id?: string | null;

  @Text() gcs_bucket?: string | null;
  @Text() gcs_project_id?: string | null;
  @Text() gcs_auth_method?: string | null;
  @Text() gcs_credentials_file?: string | null;
  @Text(DOCUMENT) gcs_credentials_json?: string | null;
  @Text() gcs_endpoint?: string | null;
  @Text() gcs_storage_class?: string | null;
  @Text() gcs_resumable_chunk_size?: string | null;
}

/** A stored configuration. Fields of other backends are absent; of secrets it is said whether they are set. */
export class StorageConfigDto {
  id!: string;
  @ApiProperty({ enum: BACKEND_TYPES })
  backend_type!: BackendType;
  is_active!: boolean;

  local_base_path?: string;
  local_serve_directly?: boolean;

  azure_account_name?: string;
  azure_account_key_set!: boolean;
  azure_container_name?: string;
  azure_auth_method?: string;
  azure_endpoint?: string;
  azure_cdn_url?: string;
  azure_sas_token_expiry?: string;
  azure_access_tier?: string;
  azure_mirror_access_tier?: string;

  s3_endpoint?: string;
  s3_public_endpoint?: string;
  s3_region?: string;
  s3_bucket?: string;
  s3_auth_method?: string;
  s3_access_key_id_set!: boolean;
  s3_secret_access_key_set!: boolean;
  s3_role_arn?: string;
  s3_role_session_name?: string;
  s3_external_id?: string;
  s3_web_identity_token_file?: string;
  s3_force_path_style?: boolean;
  s3_storage_class?: string;
  s3_sse?: string;
  s3_sse_kms_key_id?: string;

  gcs_bucket?: string;
  gcs_project_id?: string;
  gcs_auth_method?: string;
  gcs_credentials_file?: string;
  gcs_credentials_json_set!: boolean;
  gcs_endpoint?: string;
  gcs_storage_class?: string;
  gcs_resumable_chunk_size?: string;

  created_at!: string;
  updated_at!: string;
}
