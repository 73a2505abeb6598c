import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../access/principal.js';
import type { Leadership } from './domain/leadership.js';
import type { Organization, Visibility } from './domain/organization.js';
import {
  DefaultNeedsAdministrator,
  OrganizationIsDefault,
  OrganizationNotEmpty,
  OwnerNeeded,
} from './domain/organizations.errors.js';
import { OrganizationNotFound } from './domain/orgs.errors.js';
import { MemberRights } from './member-rights.service.js';
import { NamespaceHolders } from './namespace-holders.js';
import { MembershipsRepository } from './persistence/memberships.repository.js';
import { NamespaceClaimsRepository } from './persistence/namespace-claims.repository.js';
import { OrganizationsRepository } from './persistence/organizations.repository.js';
import { RecordedChanges } from './recorded-changes.service.js';

/** What may change about an organization; absent fields stay as they are. */
export interface OrganizationChange {
  readonly displayName?: string | undefined;
  readonly visibility?: Visibility | undefined;
}

/** What becomes of organizations after they are made (REST contract 13). Permission is checked by the route. */
@Injectable()
export class OrganizationLifecycle {
  constructor(
    private readonly organizations: OrganizationsRepository,
    private readonly claims: NamespaceClaimsRepository,
    private readonly memberships: MembershipsRepository,
    private readonly holders: NamespaceHolders,
    private readonly rights: MemberRights,
    private readonly changes: RecordedChanges,
  ) {}

  /**
   * Changes the display name and who may read the namespaces. Nothing is published meanwhile, and prepared documents
   * change in the same transaction, so nobody reads what has become private (threat C7). Throws
   * {@link OrganizationNotFound}.
   */
  change(id: string, change: OrganizationChange): Promise<Organization> {
    return this.changes.run(async () => {
      const before = await this.organizations.lock(id);
      if (before === null) throw new OrganizationNotFound();
      const { displayName, visibility } = change;
      const after = await this.organizations.update(id, {
        ...(displayName !== undefined && { displayName }),
        ...(visibility !== undefined && { visibility }),
      });
      if (after.visibility !== before.visibility) {
        const names = await this.claims.namesFollowing(id);
        await this.holders.changeVisibility(names, after.visibility);
      }
      const record = { resource: 'organization', resourceId: id, organizationId: id } as const;
      await this.changes.record({ ...record, before: shownOf(before), after: shownOf(after) }, 'namespaces');
      return after;
    });
  }

  /**
   * Deletes an organization that owns nothing any more. Its claims stay, so that nobody else can take the names
   * (threat C6). Throws {@link OrganizationNotFound}, {@link OwnerNeeded}, {@link OrganizationIsDefault},
   * {@link OrganizationNotEmpty}.
   */
  async delete(principal: IdentifiedPrincipal, id: string): Promise<void> {
    if (!(await this.rights.isOwner(principal, id))) throw new OwnerNeeded();
    await this.changes.run(async () => {
      const organization = await this.organizations.lock(id);
      if (organization === null) throw new OrganizationNotFound();
      if (organization.isDefault) throw new OrganizationIsDefault();
      if (await this.holders.ownAnything(id)) throw new OrganizationNotEmpty();
      await this.organizations.delete(id);
      const record = { resource: 'organization', resourceId: id, organizationId: id } as const;
      await this.changes.record({ ...record, before: shownOf(organization) }, 'identity', 'namespaces');
    });
  }

  /** Who administers the platform now, and who would with another default organization: present first. */
  async compareDefaults(next: Organization): Promise<[Leadership | undefined, Leadership | undefined]> {
    const present = await this.organizations.findDefault();
    const known = await this.memberships.leadership(present === null ? [next.id] : [present.id, next.id]);
    const of = (id?: string) => known.find(({ organizationId }) => organizationId === id);
    return [of(present?.id), of(next.id)];
  }

  /**
   * Makes another organization the default one: its administrators administer the platform from then on. Throws
   * {@link DefaultNeedsAdministrator}.
   */
  async setDefault(next: Organization): Promise<void> {
    await this.changes.run(async () => {
      const before = await this.organizations.findDefault();
      await this.memberships.lockOrganizations(before === null ? [next.id] : [before.id, next.id]);
      const [leadership] = await this.memberships.leadership([next.id]);
      if (leadership === undefined) throw new OrganizationNotFound();
      if (leadership.administrators === 0) throw new DefaultNeedsAdministrator(next.name);
      await this.organizations.setDefault(next.id);
      const record = { resource: 'organization', resourceId: next.id, organizationId: next.id } as const;
      await this.changes.record(
        { ...record, before: { default: before?.name ?? null }, after: { default: next.name } },
        'identity',
      );
    });
  }
}

function shownOf({ name, displayName, visibility }: Organization): Record<string, unknown> {
  return { name, display_name: displayName, visibility };
}
