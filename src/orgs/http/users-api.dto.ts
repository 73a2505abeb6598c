import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength, ValidateIf } from 'class-validator';
import { PageQueryDto, PaginationDto } from '../../platform/http/pagination.dto.js';
import type { OrgRole } from '../domain/org-role.js';

const isSent = (_body: object, value: unknown): boolean => value !== undefined;

/** A user to create. */
export class CreateUserDto {
  /** Trimmed and lower-cased; unique without case. */
  @IsString()
  @MaxLength(1000)
  email: string;

  @IsString()
  @MaxLength(1000)
  name: string;

  /** Who it is at the identity provider; only platform administrators may say it. */
  @IsOptional()
  @IsString()
  @MaxLength(255)
  oidc_sub?: string;
}

/** What changes about a user; absent stays as it is. */
export class UpdateUserDto {
  @ValidateIf(isSent)
  @IsString()
  @MaxLength(1000)
  name?: string;

  @ValidateIf(isSent)
  @IsString()
  @MaxLength(1000)
  email?: string;
}

/** What to look for among the users. */
export class UserSearchQueryDto extends PageQueryDto {
  /** A part of name or e-mail, in any case. */
  @ApiProperty({ required: true })
  @IsOptional()
  @IsString()
  q?: string;
}

/** A user (REST contract 4). */
export class UserDto {
  id: string;
  email: string;
  name: string;
  oidc_sub: string | null;
  created_at: string;
  updated_at: string;
}

/** A user in a list, with the visible role of most authority. */
export class UserListItemDto extends UserDto {
  role_template_id: string | null;
  role_template_name: string | null;
  role_template_display_name: string | null;
}

/** One page of users. */
export class UserListDto {
  users: UserListItemDto[];
  pagination: PaginationDto;
}

/** One user. */
export class OneUserDto {
  user: UserDto;
}

/** An organization of a user. */
export class UserOrganizationDto {
  id: string;
  name: string;
  display_name: string;
  /** `null` follows the server. */
  @ApiProperty({ enum: ['private', 'public'], nullable: true })
  visibility: 'private' | 'public' | null;
  created_at: string;
  updated_at: string;
}

/** A user and the organizations that the caller may see. */
export class UserDetailDto extends OneUserDto {
  organizations: UserOrganizationDto[];
}

/** A membership as the person sees it (REST contract 4). */
export class MembershipDto {
  organization_id: string;
  organization_name: string;
  role_template_id: string | null;
  role_template_name: string | null;
  role_template_display_name: string | null;
  role_template_scopes: string[];
  @ApiProperty({ enum: ['owner', 'admin', 'member', 'viewer', 'custom'], nullable: true })
  role: OrgRole | null;
  created_at: string;
}

/** The memberships of a user. */
export class MembershipListDto {
  memberships: MembershipDto[];
}

/** What was done, in a sentence. */
export class UserDeletedDto {
  message: string;
}
