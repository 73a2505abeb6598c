import type { Member } from '../domain/member.js';
import { orgRoleOf } from '../domain/org-role.js';
import type { MemberDto } from './members-api.dto.js';

/** `Member` of REST contract 4. */
export function presentMember({ template, ...member }: Member): MemberDto {
  return {
    organization_id: member.organizationId,
    user_id: member.userId,
    role_template_id: template?.id ?? null,
    role_template_name: template?.name ?? null,
    role_template_display_name: template?.displayName ?? null,
    role_template_scopes: [...(template?.scopes ?? [])],
    role: orgRoleOf(template?.name ?? null),
    created_at: member.createdAt.toISOString(),
    user_name: member.userName,
    user_email: member.userEmail,
  };
}
