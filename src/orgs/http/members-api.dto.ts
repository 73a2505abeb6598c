import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsUUID, ValidateIf } from 'class-validator';
import type { OrgRole } from '../domain/org-role.js';

const ROLES = ['owner', 'admin', 'member', 'viewer'];
const RULE = `must be one of ${ROLES.join(', ')}; give any other role by role_template_id`;

/** The role of a member, by the id of a template or by name; without either the member has none. */
export class MemberRoleDto {
  /** Empty is the same as `null`. */
  @ValidateIf((_body, value) => value !== undefined && value !== null && value !== '')
  @IsUUID('loose')
  @ApiProperty({ type: String, nullable: true, required: false })
  role_template_id?: string | null;

  @IsOptional()
  @IsIn(ROLES, { message: RULE })
  @ApiProperty({ enum: ROLES, required: false })
  role?: string;
}

/** A user who becomes a member. */
export class AddMemberDto extends MemberRoleDto {
  @IsUUID('loose')
  user_id: string;
}

/** A member of an organization (REST contract 4). */
export class MemberDto {
  organization_id: string;
  user_id: string;
  role_template_id: string | null;
  role_template_name: string | null;
  role_template_display_name: string | null;
  role_template_scopes: string[];
  @ApiProperty({ enum: ['owner', 'admin', 'member', 'viewer', 'custom'], nullable: true })
  role: OrgRole | null;
  created_at: string;
  user_name: string;
  user_email: string;
}

/** One member. */
export class OneMemberDto {
  member: MemberDto;
}

/** Every member of an organization. */
export class MemberListDto {
  members: MemberDto[];
}

/** What was done, in a sentence. */
export class MemberRemovedDto {
  message: string;
}
