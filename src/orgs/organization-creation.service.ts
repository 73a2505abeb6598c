import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { AuthConfig } from '../config/auth.config.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { registrySegment } from '../kernel/terraform/registry-segment.js';
import { foldNamespace } from '../kernel/terraform/namespace-name.js';
import type { Organization } from './domain/organization.js';
import { OrganizationNameTaken, OrganizationScopeMissing } from './domain/organizations.errors.js';
import { Members } from './members.service.js';
import { OrgAccess } from './org-access.service.js';
import { NamespaceClaimsRepository } from './persistence/namespace-claims.repository.js';
import { OrganizationsRepository } from './persistence/organizations.repository.js';
import { RecordedChanges } from './recorded-changes.service.js';

/** A new organization; its name is for good. */
export type NewOrganization = Pick<Organization, 'name' | 'displayName' | 'visibility'>;

/** Makes organizations (REST contract 13). */
@Injectable()
export class OrganizationCreation {
  constructor(
    private readonly config: AuthConfig,
    private readonly access: OrgAccess,
    private readonly organizations: OrganizationsRepository,
    private readonly claims: NamespaceClaimsRepository,
    private readonly members: Members,
    private readonly changes: RecordedChanges,
  ) {}

  /**
   * Creates an organization and makes the person who does it its owner. Its name becomes a namespace that is kept
   * for it, so it must be free as both (threats C5 and C6). Throws `InvalidInput`, {@link OrganizationScopeMissing},
   * {@link OrganizationNameTaken}.
   */
  async create(principal: IdentifiedPrincipal, input: NewOrganization): Promise<Organization> {
    await this.assertMayCreate(principal);
    const { name } = input;
    if (!registrySegment.isName(name)) {
      const message = `name: ${registrySegment.nameRule}`;
      throw new InvalidInput(message, { fields: { name: registrySegment.nameRule } });
    }
    const folded = foldNamespace(name);
    return this.changes.run(async () => {
      await this.claims.lockName(folded);
      if ((await this.claims.find(folded)) !== undefined) throw new OrganizationNameTaken();
      const organization = await this.organizations.addIfAbsent(input);
      if (organization === undefined) throw new OrganizationNameTaken();
      const { id, displayName, visibility } = organization;
      const after = { name, display_name: displayName, visibility };
      await this.changes.record({ resource: 'organization', resourceId: id, organizationId: id, after });
      if (principal.userId !== null) await this.members.appointOwner(id, principal.userId);
      return organization;
    });
  }

  private async assertMayCreate(principal: IdentifiedPrincipal): Promise<void> {
    const { multiTenancyEnabled, allowPublicSignup } = this.config;
    if (multiTenancyEnabled && allowPublicSignup && principal.kind === 'user') return;
    const platform = await this.organizations.findDefault();
    if (platform !== null && this.access.mayAct(principal, platform.id, 'organizations:write')) return;
    throw new OrganizationScopeMissing('organizations:write');
  }
}
