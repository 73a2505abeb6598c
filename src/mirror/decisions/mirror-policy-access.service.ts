import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { OrganizationScopeMissing } from '../../orgs/domain/organizations.errors.js';
import { OrganizationNotFound } from '../../orgs/domain/orgs.errors.js';
import { OrgAccess } from '../../orgs/org-access.service.js';
import { Organizations } from '../../orgs/organizations.service.js';
import type { StoredMirrorPolicy } from '../domain/mirror-policy.js';

/**
 * Who sees and decides about which policy: those of an organization are seen with `mirrors:read` and decided by `admin`
 * there; global ones are seen by everybody who holds `mirrors:read` anywhere and decided by platform administrators.
 */
@Injectable()
export class MirrorPolicyAccess {
  constructor(
    private readonly organizations: Organizations,
    private readonly access: OrgAccess,
  ) {}

  /** The organizations whose policies a list shows to the caller. */
  visible(principal: IdentifiedPrincipal): 'all' | readonly string[] {
    return this.access.visibleOrganizations(principal, 'mirrors:read');
  }

  /** Those of `organizationIds` whose policies the caller may see. */
  seenOf(principal: IdentifiedPrincipal, organizationIds: readonly string[]): string[] {
    return organizationIds.filter((id) => this.access.mayAct(principal, id, 'mirrors:read'));
  }

  /** Whether the caller may see a policy. */
  sees(principal: IdentifiedPrincipal, { organizationId }: StoredMirrorPolicy): boolean {
    return organizationId === undefined || this.access.mayAct(principal, organizationId, 'mirrors:read');
  }

  /** The names of the organizations of policies, by id. */
  namesOf(policies: readonly StoredMirrorPolicy[]): Promise<Map<string, string>> {
    const ids = policies.map(({ organizationId }) => organizationId).filter((id) => id !== undefined);
    return this.organizations.namesOf([...new Set(ids)]);
  }

  /**
   * Lets only those through who decide about policies of an organization, or with `null` about global ones. Throws
   * {@link OrganizationNotFound}, {@link OrganizationScopeMissing}.
   */
  async assertMayDecideFor(principal: IdentifiedPrincipal, organizationId: string | null): Promise<void> {
    if (organizationId === null) {
      if (!this.access.isPlatformAdmin(principal)) throw new OrganizationScopeMissing('admin');
      return;
    }
    if (this.access.mayAct(principal, organizationId, 'admin')) {
      await this.organizations.get(organizationId);
      return;
    }
    const isSeen =
      this.access.mayAct(principal, organizationId, 'mirrors:read') ||
      this.access.mayAct(principal, organizationId, 'organizations:read');
    // In single-tenant mode `mirrors:read` is held over organizations that do not exist, too.
    if (!isSeen || (await this.organizations.find(organizationId)) === undefined) {
      throw new OrganizationNotFound();
    }
    throw new OrganizationScopeMissing('admin');
  }
}
