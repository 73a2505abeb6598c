import { Injectable } from '@nestjs/common';
import { scopesIn } from '../access/authority.js';
import type { Scope } from '../access/scope.js';
import type { AuthorizedUser } from '../orgs/user-authority.service.js';
import type { KeyMaker } from './domain/api-key-access.js';
import { firstExcess } from './domain/api-key-grant.js';
import { NoRoleAssigned, NotAMember, ScopeExceedsRole } from './domain/api-keys.errors.js';
import { ApiKeyAdministrationRepository } from './persistence/api-key-administration.repository.js';

/** Nobody gives more than they hold (REST contract 3.4, rule 5), told so that the caller knows what they may give. */
@Injectable()
export class ApiKeyGrants {
  constructor(private readonly keys: ApiKeyAdministrationRepository) {}

  /**
   * Checks that `maker` may put `scopes` into a key of an organization. Throws {@link NotAMember},
   * {@link NoRoleAssigned}, {@link ScopeExceedsRole}.
   */
  async checkScopes(maker: KeyMaker, organizationId: string, scopes: readonly Scope[]): Promise<void> {
    const { authority, userId } = maker;
    const held = authority.organizations.get(organizationId);
    if (!authority.isPlatformAdmin) {
      if (held === undefined) throw new NotAMember();
      if (held.length === 0) throw new NoRoleAssigned();
    }
    const excess = firstExcess(scopes, authority, organizationId);
    if (excess === undefined) return;
    const allowed = scopesIn(authority, organizationId);
    throw new ScopeExceedsRole(excess, allowed, await this.roleOf(userId, organizationId));
  }

  /** Checks that the owner of a key holds `scopes`, whoever changes it. Throws {@link ScopeExceedsRole}. */
  async checkOwner(
    owner: AuthorizedUser | undefined,
    organizationId: string,
    scopes: readonly Scope[],
  ): Promise<void> {
    const excess = owner === undefined ? scopes[0] : firstExcess(scopes, owner.authority, organizationId);
    if (excess === undefined) return;
    const allowed = owner === undefined ? [] : scopesIn(owner.authority, organizationId);
    const role = await this.roleOf(owner?.userId ?? null, organizationId);
    throw new ScopeExceedsRole(excess, allowed, role, "the owner's");
  }

  private async roleOf(userId: string | null, organizationId: string): Promise<string> {
    return (userId === null ? undefined : await this.keys.roleNameOf(userId, organizationId)) ?? '';
  }
}
