import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';
import { PageQueryDto, PaginationDto } from '../../platform/http/pagination.dto.js';

/** Which entries are wanted; an empty text does not restrict. */
export class AuditFilterDto extends PageQueryDto {
  /** A part of the action, in any case. */
  @IsOptional()
  @IsString()
  action?: string;

  @IsOptional()
  @IsString()
  resource_type?: string;

  @IsOptional()
  @IsString()
  user_id?: string;

  /** A part of the e-mail, in any case. */
  @IsOptional()
  @IsString()
  user_email?: string;

  /** RFC 3339, inclusive. */
  @IsOptional()
  @IsString()
  start_date?: string;

  /** RFC 3339, inclusive. */
  @IsOptional()
  @IsString()
  end_date?: string;
}

/** One entry of the audit log (REST contract 4). */
export class AuditEntryDto {
  id: string;
  user_id: string | null;
  user_email: string | null;
  user_name: string | null;
  organization_id: string | null;
  /** `METHOD path` with placeholders, or the name of what happened. */
  action: string;
  resource_type: string | null;
  resource_id: string | null;
  /** `auth_method`, `status_code`, `request_id`, `actor`, and what changed as `before` and `after`. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  metadata: Record<string, unknown> | null;
  ip_address: string | null;
  created_at: string;
}

/** One page of the audit log, newest first. */
export class AuditLogDto {
  logs: AuditEntryDto[];
  pagination: PaginationDto;
}
