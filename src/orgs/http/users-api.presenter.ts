import type { Page } from '../../kernel/page.js';
import { presentPagination } from '../../platform/http/pagination.presenter.js';
import type { HeldMembership } from '../domain/held-membership.js';
import { orgRoleOf } from '../domain/org-role.js';
import type { Organization } from '../domain/organization.js';
import type { User } from '../domain/user.js';
import type { ListedUser } from '../users-directory.service.js';
import type { MembershipDto, UserDetailDto, UserDto, UserListDto, UserListItemDto } from './users-api.dto.js';

/** `User` of REST contract 4. */
export function presentUser(user: User): UserDto {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    oidc_sub: user.oidcSub,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}

/** A page of `UserListItem`. */
export function presentUsers(page: Page<ListedUser>): UserListDto {
  return { users: page.items.map(presentListed), pagination: presentPagination(page) };
}

/** A user with the visible organizations. */
export function presentDetail(user: User, organizations: readonly Organization[]): UserDetailDto {
  return {
    user: presentUser(user),
    organizations: organizations.map((one) => ({
      id: one.id,
      name: one.name,
      display_name: one.displayName,
      visibility: one.visibility,
      created_at: one.createdAt.toISOString(),
      updated_at: one.updatedAt.toISOString(),
    })),
  };
}

/** `Membership` of REST contract 4. */
export function presentMembership(membership: HeldMembership): MembershipDto {
  const { organizationId, organizationName, role, createdAt } = membership;
  return {
    organization_id: organizationId,
    organization_name: organizationName,
    role_template_id: role?.id ?? null,
    role_template_name: role?.name ?? null,
    role_template_display_name: role?.displayName ?? null,
    role_template_scopes: [...(role?.scopes ?? [])],
    role: orgRoleOf(role?.name ?? null),
    created_at: createdAt.toISOString(),
  };
}

function presentListed({ user, primary }: ListedUser): UserListItemDto {
  const role = primary?.role;
  return {
    ...presentUser(user),
    role_template_id: role?.id ?? null,
    role_template_name: role?.name ?? null,
    role_template_display_name: role?.displayName ?? null,
  };
}
