import { ApiProperty } from '@nestjs/swagger';
import type { OrgRole } from '../../orgs/domain/org-role.js';

/** `UserRef` of REST contract 4. */
export class UserRefDto {
  id: string;
  email: string;
  name: string;
  created_at: string;
  updated_at: string;
}

/** A role template, in short. */
export class RoleTemplateRefDto {
  id: string;
  name: string;
  display_name: string;
}

/** The role template of a membership. */
export class HeldRoleTemplateDto extends RoleTemplateRefDto {
  scopes: string[];
}

/** A membership of the signed-in user. */
export class OwnMembershipDto {
  organization_id: string;
  organization_name: string;
  created_at: string;
  role_template: HeldRoleTemplateDto | null;
  role_template_id: string | null;
  role_template_name: string | null;
  role_template_display_name: string | null;
  role_template_scopes: string[];
  @ApiProperty({ enum: ['owner', 'admin', 'member', 'viewer', 'custom'], nullable: true })
  role: OrgRole | null;
}

/** Who is signed in (REST contract 9.2). */
export class MeDto {
  user: UserRefDto;
  memberships: OwnMembershipDto[];
  /** For showing and hiding menu entries only. */
  allowed_scopes: string[];
  /** That of the membership with the most authority. */
  role_template: RoleTemplateRefDto | null;
}
