import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength, MinLength, ValidateIf } from 'class-validator';
import { PageQueryDto, PaginationDto } from '../../platform/http/pagination.dto.js';
import type { Visibility } from '../domain/organization.js';
import { MemberDto } from './members-api.dto.js';

const VISIBILITIES = ['private', 'public', null];
const isSent = (_body: object, value: unknown): boolean => value !== undefined;

/** An organization to create. */
export class CreateOrganizationDto {
  /** Unique without case, and also a namespace of the organization; it never changes. */
  @IsString()
  @MaxLength(64)
  name: string;

  @IsString()
  @MinLength(1)
  @MaxLength(255)
  display_name: string;

  /** Who may read its namespaces; `null` follows the server. */
  @IsOptional()
  @IsIn(VISIBILITIES)
  @ApiProperty({ enum: ['private', 'public'], nullable: true })
  visibility?: Visibility;
}

/** What changes about an organization; absent stays as it is. */
export class UpdateOrganizationDto {
  @ValidateIf(isSent)
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  display_name?: string;

  /** `null` follows the server. */
  @ValidateIf(isSent)
  @IsIn(VISIBILITIES)
  @ApiProperty({ enum: ['private', 'public'], nullable: true })
  visibility?: Visibility;
}

/** What to look for among the organizations. */
export class OrganizationSearchQueryDto extends PageQueryDto {
  /** A part of name or display name, in any case. */
  @ApiProperty({ required: true })
  @IsOptional()
  @IsString()
  q?: string;
}

/** An organization (REST contract 4). */
export class OrganizationDto {
  id: string;
  name: string;
  display_name: string;
  /** `null` follows the server. */
  @ApiProperty({ enum: ['private', 'public'], nullable: true })
  visibility: Visibility;
  created_at: string;
  updated_at: string;
}

/** One organization. */
export class OneOrganizationDto {
  organization: OrganizationDto;
}

/** An organization and everybody in it. */
export class OrganizationDetailDto extends OneOrganizationDto {
  members: MemberDto[];
}

/** One page of organizations. */
export class OrganizationListDto {
  organizations: OrganizationDto[];
  pagination: PaginationDto;
}

/** What was done, in a sentence. */
export class OrganizationDeletedDto {
  message: string;
}
