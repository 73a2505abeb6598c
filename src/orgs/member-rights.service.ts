import { Injectable } from '@nestjs/common';
import { scopesIn } from '../access/authority.js';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { assertCovered, type Holding } from './domain/grant-limit.js';
import type { Member } from './domain/member.js';
import { MemberNotFound, RoleExceedsOwn } from './domain/members.errors.js';
import { OrganizationScopeMissing } from './domain/organizations.errors.js';
import { OrganizationNotFound } from './domain/orgs.errors.js';
import type { RoleTemplate } from './domain/role-template.js';
import { OrgAccess } from './org-access.service.js';
import { MembershipsRepository } from './persistence/memberships.repository.js';

const OWNER = 'owner';

/** Who may change the members of an organization, and how far (REST contract 3.3 and 3.4, rule 5; threat C4). */
@Injectable()
export class MemberRights {
  constructor(
    private readonly access: OrgAccess,
    private readonly memberships: MembershipsRepository,
  ) {}

  /** Throws {@link OrganizationNotFound} to who may not see it, {@link OrganizationScopeMissing} to who may. */
  assertMayChangeOrganization(principal: IdentifiedPrincipal, organizationId: string): void {
    if (this.access.mayAct(principal, organizationId, 'organizations:write')) return;
    throw this.access.mayAct(principal, organizationId, 'organizations:read')
      ? new OrganizationScopeMissing('organizations:write')
      : new OrganizationNotFound();
  }

  /** What a caller is told about somebody who is no member: nothing about an organization they may not see. */
  absentMember(
    principal: IdentifiedPrincipal,
    organizationId: string,
  ): MemberNotFound | OrganizationNotFound {
    const isSeen = this.access.mayAct(principal, organizationId, 'organizations:read');
    return isSeen ? new MemberNotFound() : new OrganizationNotFound();
  }

  /** Throws {@link RoleExceedsOwn} when the role is more than the caller holds there; only owners make owners. */
  async assertMayGive(
    principal: IdentifiedPrincipal,
    organizationId: string,
    template: RoleTemplate | null,
  ): Promise<void> {
    if (template === null) return;
    const holding = await this.holdingOf(principal, organizationId);
    assertCovered(template.scopes, holding);
    if (template.name === OWNER) await this.assertOwner(principal, organizationId);
  }

  /** Nobody but owners and platform administrators touches an owner. Throws {@link RoleExceedsOwn}. */
  async assertMayTouch(principal: IdentifiedPrincipal, { template, organizationId }: Member): Promise<void> {
    if (template?.name === OWNER) await this.assertOwner(principal, organizationId);
  }

  /** Whether the caller is an owner of the organization, or a platform administrator; read afresh. */
  async isOwner(principal: IdentifiedPrincipal, organizationId: string): Promise<boolean> {
    if (this.access.isPlatformAdmin(principal)) return true;
    if (principal.userId === null || !this.access.mayAct(principal, organizationId, 'admin')) return false;
    const own = await this.memberships.find(organizationId, principal.userId);
    return own?.template?.name === OWNER;
  }

  private async assertOwner(principal: IdentifiedPrincipal, organizationId: string): Promise<void> {
    if (await this.isOwner(principal, organizationId)) return;
    const { scopes, roleTemplate } = await this.holdingOf(principal, organizationId);
    throw RoleExceedsOwn.byOwnership(scopes, roleTemplate);
  }

  private async holdingOf(principal: IdentifiedPrincipal, organizationId: string): Promise<Holding> {
    const { userId, authority } = principal;
    const own = userId === null ? undefined : await this.memberships.find(organizationId, userId);
    return { scopes: scopesIn(authority, organizationId), roleTemplate: own?.template?.name ?? '' };
  }
}
