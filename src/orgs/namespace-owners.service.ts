import { Injectable } from '@nestjs/common';
import { organizationsWith } from '../access/authority.js';
import type { Principal } from '../access/principal.js';
import type { Scope } from '../access/scope.js';
import { AuthConfig } from '../config/auth.config.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import type { Organization } from './domain/organization.js';
import { OrgAccess } from './org-access.service.js';
import { Organizations } from './organizations.service.js';

/** Who may come to own a namespace that is free (REST contract 3.5). */
@Injectable()
export class NamespaceOwners {
  constructor(
    private readonly organizations: Organizations,
    private readonly access: OrgAccess,
    private readonly config: AuthConfig,
  ) {}

  /** The organization that a free namespace would belong to (REST contract 3.5). Throws `InvalidInput`. */
  async futureOwner(
    principal: Principal,
    folded: string,
    scope: Scope,
    organizationId: string | undefined,
  ): Promise<Organization | undefined> {
    if (principal.kind === 'anonymous') return undefined;
    if (!this.config.multiTenancyEnabled) return this.organizations.getDefault();
    if (organizationId) return this.organizations.find(organizationId);
    if (principal.kind === 'api-key') return this.organizations.find(principal.organizationId);
    const namesake = await this.organizations.findByFoldedName(folded);
    if (namesake !== undefined && this.access.mayAct(principal, namesake.id, scope)) return namesake;
    const own = organizationsWith(principal.authority, scope);
    if (own !== 'all' && own.length === 1) return this.organizations.find(own[0]!);
    const platform = await this.organizations.getDefault();
    if (this.access.mayAct(principal, platform.id, scope)) return platform;
    throw new InvalidInput('organization_id is required');
  }

  /** In multi-tenant mode the name of an organization is a namespace for itself only. */
  async isReserved(folded: string, ownerId: string): Promise<boolean> {
    return this.config.multiTenancyEnabled && (await this.organizations.isNameOfAnother(folded, ownerId));
  }
}
