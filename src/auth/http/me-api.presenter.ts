import type { HeldMembership } from '../../orgs/domain/held-membership.js';
import { orgRoleOf } from '../../orgs/domain/org-role.js';
import type { OwnProfile } from '../signed-in-user.service.js';
import type { MeDto, OwnMembershipDto, RoleTemplateRefDto } from './me-api.dto.js';

/** The answer of `me`. */
export function presentMe({ user, memberships, allowedScopes, primary }: OwnProfile): MeDto {
  return {
    user: {
      id: user.id,
      email: user.email,
      name: user.name,
      created_at: user.createdAt.toISOString(),
      updated_at: user.updatedAt.toISOString(),
    },
    memberships: memberships.map(presentMembership),
    allowed_scopes: [...allowedScopes],
    role_template: presentTemplate(primary?.role ?? null),
  };
}

function presentMembership({
  organizationId,
  organizationName,
  role,
  createdAt,
}: HeldMembership): OwnMembershipDto {
  return {
    organization_id: organizationId,
    organization_name: organizationName,
    created_at: createdAt.toISOString(),
    role_template: role && { ...presentTemplate(role)!, scopes: [...role.scopes] },
    role_template_id: role?.id ?? null,
    role_template_name: role?.name ?? null,
    role_template_display_name: role?.displayName ?? null,
    role_template_scopes: [...(role?.scopes ?? [])],
    role: orgRoleOf(role?.name ?? null),
  };
}

function presentTemplate(role: HeldMembership['role']): RoleTemplateRefDto | null {
  return role && { id: role.id, name: role.name, display_name: role.displayName };
}
