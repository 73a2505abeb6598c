import { Injectable } from '@nestjs/common';
import { holdsAnywhere, organizationsWith, scopesIn } from '../access/authority.js';
import type { IdentifiedPrincipal, Principal } from '../access/principal.js';
import type { HeldMembership } from './domain/held-membership.js';
import { UserNotFound, UserNotYours, UsersWriteMissing } from './domain/users.errors.js';
import type { VisibleUsers } from './domain/visible-users.js';
import { OrgAccess } from './org-access.service.js';
import { HeldMembershipsRepository } from './persistence/held-memberships.repository.js';
import { UsersRepository } from './persistence/users.repository.js';

const NOBODY: VisibleUsers = { organizationIds: [], isWithoutMembershipVisible: false };

/** Who may see and who may change which user (REST contract 12). */
@Injectable()
export class UsersAccess {
  constructor(
    private readonly users: UsersRepository,
    private readonly memberships: HeldMembershipsRepository,
    private readonly access: OrgAccess,
  ) {}

  /** The users that `principal` may see. */
  visibleTo(principal: Principal): VisibleUsers {
    if (principal.kind === 'anonymous' || isConfined(principal)) return NOBODY;
    const { authority } = principal;
    if (authority.isPlatformAdmin) return 'all';
    return {
      organizationIds: [...organizationsWith(authority, 'users:read')],
      isWithoutMembershipVisible: holdsAnywhere(authority, 'users:write'),
    };
  }

  /** The organizations of which `principal` sees who belongs to them. */
  visibleOrganizations(principal: Principal): 'all' | readonly string[] {
    const visible = this.visibleTo(principal);
    return visible === 'all' ? 'all' : visible.organizationIds;
  }

  /** Throws {@link UserNotFound} for a user who does not exist or whom `principal` may not see. */
  async assertVisible(principal: Principal, userId: string): Promise<void> {
    if (!(await this.users.isVisible(userId, this.visibleTo(principal)))) throw new UserNotFound();
  }

  /**
   * Whether `principal` may change, delete or give a new password to a user: with `users:write` and at least the
   * user's scopes in every organization that the user belongs to; owners only for owners of the same
   * organization. Throws {@link UsersWriteMissing}, {@link UserNotFound} and {@link UserNotYours}.
   */
  async assertMayChange(principal: Principal, userId: string): Promise<void> {
    if (principal.kind === 'anonymous' || isConfined(principal)) throw new UsersWriteMissing();
    if (!holdsAnywhere(principal.authority, 'users:write')) throw new UsersWriteMissing();
    await this.assertVisible(principal, userId);
    if (principal.authority.isPlatformAdmin) return;
    const theirs = await this.memberships.list([userId]);
    const own = await this.ownedBy(principal);
    if (!theirs.every((membership) => this.outranks(principal, own, membership))) throw new UserNotYours();
  }

  private outranks(
    principal: IdentifiedPrincipal,
    owned: ReadonlySet<string>,
    { organizationId, role }: HeldMembership,
  ): boolean {
    if (!this.access.mayAct(principal, organizationId, 'users:write')) return false;
    const scopes = scopesIn(principal.authority, organizationId);
    if (!(role?.scopes ?? []).every((scope) => scopes.includes(scope))) return false;
    return role?.name !== 'owner' || owned.has(organizationId);
  }

  /** Owners and administrators hold the same scopes; only the template tells them apart. */
  private async ownedBy({ userId }: IdentifiedPrincipal): Promise<ReadonlySet<string>> {
    const memberships = userId === null ? [] : await this.memberships.list([userId]);
    return new Set(
      memberships.filter(({ role }) => role?.name === 'owner').map(({ organizationId }) => organizationId),
    );
  }
}

/** An exchanged token may touch its namespaces and nothing else. */
function isConfined(principal: IdentifiedPrincipal): boolean {
  return principal.kind === 'api-key' && principal.namespaces !== null;
}
