import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsString, MaxLength, MinLength, ValidateNested } from 'class-validator';

/** Members of a group get a role in an organization. */
export class GroupMappingDto {
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  group: string;

  /** Name of the organization. */
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  organization: string;

  /** Name of the role template. */
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  role: string;
}

/** The group mapping; each value replaces the one before, and an empty one clears it. */
export class PutGroupMappingDto {
  @IsString()
  @MaxLength(255)
  group_claim_name: string;

  @IsArray()
  @ArrayMaxSize(1000)
  @ValidateNested({ each: true })
  @Type(() => GroupMappingDto)
  group_mappings: GroupMappingDto[];

  @IsString()
  @MaxLength(255)
  default_role: string;
}

/** The identity provider in use, without its secret. */
export class OidcConfigDto {
  id: string;
  name: string;
  provider_type: 'generic_oidc' | 'azuread';
  issuer_url: string;
  client_id: string;
  redirect_url: string;
  scopes: string[];
  is_active: boolean;
  group_claim_name?: string;
  group_mappings?: GroupMappingDto[];
  default_role?: string;
  extra_config?: Record<string, unknown>;
  created_at: string;
  updated_at: string;
  created_by?: string;
  updated_by?: string;
}
