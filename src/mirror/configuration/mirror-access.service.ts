import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal, Principal } from '../../access/principal.js';
import type { Scope } from '../../access/scope.js';
import { AuthConfig } from '../../config/auth.config.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import { OrganizationScopeMissing } from '../../orgs/domain/organizations.errors.js';
import { OrganizationNotFound } from '../../orgs/domain/orgs.errors.js';
import { OrgAccess } from '../../orgs/org-access.service.js';
import { Organizations } from '../../orgs/organizations.service.js';
import { MirrorChecksLoosened, MirrorNotFound } from '../domain/mirror-configuration.errors.js';
import type { Mirror } from '../domain/mirror.js';
import { Mirrors } from './mirrors.service.js';
import type { MirrorOwners } from '../persistence/mirrors.repository.js';

const SEEN_WITH: Scope = 'mirrors:read';
const MANAGED_WITH: Scope = 'mirrors:manage';

/** Who sees and changes which mirror (REST contract 3.4): a mirror of no organization is one of the default one. */
@Injectable()
export class MirrorAccess {
  constructor(
    private readonly mirrors: Mirrors,
    private readonly organizations: Organizations,
    private readonly access: OrgAccess,
    private readonly config: AuthConfig,
  ) {}

  /**
   * The mirror with this id for a caller who holds `scope` for it. Throws `InvalidInput` for what is no id,
   * {@link MirrorNotFound} to who may not see it, {@link OrganizationScopeMissing} to who may see it only.
   */
  async get(principal: Principal, id: string, scope: Scope): Promise<Mirror> {
    if (!isUuid(id)) throw new InvalidInput('Invalid mirror ID');
    const platform = await this.organizations.getDefault();
    const mirror = await this.mirrors.find(id.toLowerCase());
    const owner = mirror?.organizationId ?? platform.id;
    if (mirror === null || !this.access.mayAct(principal, owner, SEEN_WITH)) throw new MirrorNotFound();
    if (!this.access.mayAct(principal, owner, scope)) throw new OrganizationScopeMissing(scope);
    return mirror;
  }

  /** Demands the right of those who review approvals for it, where a mirror lets more through. Throws {@link MirrorChecksLoosened}. */
  async assertMayLoosen(
    principal: IdentifiedPrincipal,
    organizationId: string | null,
    fields: readonly string[],
  ): Promise<void> {
    if (fields.length === 0) return;
    const owner = organizationId ?? (await this.organizations.getDefault()).id;
    if (!this.access.mayAct(principal, owner, 'admin')) throw new MirrorChecksLoosened(fields);
  }

  /** Whose mirrors a list shows to the caller. */
  async visible(principal: IdentifiedPrincipal): Promise<MirrorOwners> {
    const organizations = this.access.visibleOrganizations(principal, SEEN_WITH);
    const platform = await this.organizations.getDefault();
    return { organizations, isOfNone: organizations === 'all' || organizations.includes(platform.id) };
  }

  /**
   * The organization of a new mirror, `null` for one that serves everybody (REST contract 3.5); `wanted` is an id,
   * or empty. Throws `InvalidInput`, {@link OrganizationNotFound}, {@link OrganizationScopeMissing}.
   */
  async ownerOfNew(principal: IdentifiedPrincipal, wanted: string | null): Promise<string | null> {
    const platform = (await this.organizations.getDefault()).id;
    if (wanted !== null && wanted !== '') return this.ownerOf(principal, wanted, platform);
    if (!this.config.multiTenancyEnabled) return null;
    const own = this.presentOrganization(principal, platform);
    if (!this.access.mayAct(principal, own, MANAGED_WITH)) throw new OrganizationScopeMissing(MANAGED_WITH);
    return own === platform ? null : own;
  }

  /** The same for a mirror that gets another organization: empty takes it away, so that it serves everybody. */
  async ownerOfChanged(principal: IdentifiedPrincipal, wanted: string | null): Promise<string | null> {
    const platform = (await this.organizations.getDefault()).id;
    if (wanted !== null && wanted !== '') return this.ownerOf(principal, wanted, platform);
    if (!this.access.mayAct(principal, platform, MANAGED_WITH))
      throw new OrganizationScopeMissing(MANAGED_WITH);
    return null;
  }

  private async ownerOf(principal: IdentifiedPrincipal, wanted: string, platform: string): Promise<string> {
    if (!isUuid(wanted)) {
      const reason = 'organization_id must be the id of an organization';
      throw new InvalidInput(reason, { fields: { organization_id: reason } });
    }
    const id = wanted.toLowerCase();
    if (!this.config.multiTenancyEnabled) return platform;
    const isSeen = (scope: Scope) => this.access.mayAct(principal, id, scope);
    if (!isSeen(MANAGED_WITH)) {
      throw isSeen(SEEN_WITH) || isSeen('organizations:read')
        ? new OrganizationScopeMissing(MANAGED_WITH)
        : new OrganizationNotFound();
    }
    return (await this.organizations.get(id)).id;
  }

  /** Of the key, the only one where the caller manages mirrors, or the default one. */
  private presentOrganization(principal: IdentifiedPrincipal, platform: string): string {
    if (principal.kind === 'api-key') return principal.organizationId;
    const own = this.access.visibleOrganizations(principal, MANAGED_WITH);
    if (own !== 'all' && own.length === 1) return own[0]!;
    if (this.access.mayAct(principal, platform, MANAGED_WITH)) return platform;
    throw new InvalidInput('organization_id is required');
  }
}
