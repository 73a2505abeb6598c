import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { AuthConfig } from '../config/auth.config.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { foldNamespace, NamespaceName } from '../kernel/terraform/namespace-name.js';
import type { NamespaceClaim, OwnedNamespace } from './domain/namespace-claim.js';
import { NamespaceInUse, NamespaceIsMirrors, NamespaceTaken } from './domain/organizations.errors.js';
import { NamespaceNotFound, OrganizationNotFound } from './domain/orgs.errors.js';
import { NamespaceHolders } from './namespace-holders.js';
import { Namespaces } from './namespaces.service.js';
import { NamespaceClaimsRepository } from './persistence/namespace-claims.repository.js';
import { OrganizationsRepository } from './persistence/organizations.repository.js';
import { RecordedChanges } from './recorded-changes.service.js';

/**
 * Claims as people administer them (REST contract 30.2). Whether the caller may is checked by the route and, for
 * `claim`, by `MemberRights`.
 */
@Injectable()
export class NamespaceAdministration {
  constructor(
    private readonly claims: NamespaceClaimsRepository,
    private readonly organizations: OrganizationsRepository,
    private readonly namespaces: Namespaces,
    private readonly holders: NamespaceHolders,
    private readonly changes: RecordedChanges,
    private readonly config: AuthConfig,
  ) {}

  /** The claims of these organizations, by name. */
  list(organizationIds: 'all' | readonly string[]): Promise<OwnedNamespace[]> {
    return this.claims.list(organizationIds);
  }

  /**
   * Claims a name for an organization before anything is published in it. Throws `InvalidAddress` for an impossible
   * name, {@link NamespaceTaken} whenever it cannot be had, {@link OrganizationNotFound}.
   */
  async claim(name: string, organizationId: string): Promise<OwnedNamespace> {
    const { text, folded } = NamespaceName.parse(name);
    return this.changes.run(async () => {
      await this.holdOwner(organizationId);
      await this.claims.lockName(folded);
      const isReserved =
        this.config.multiTenancyEnabled && (await this.organizations.isNameOfAnother(folded, organizationId));
      const id = randomUUID();
      if (isReserved || !(await this.claims.addIfAbsent({ id, name: text, folded, organizationId }))) {
        throw new NamespaceTaken();
      }
      await this.record(organizationId, text, { after: { organization_id: organizationId } });
      return this.owned(folded);
    });
  }

  /**
   * Moves a claim with everything in it to another organization; what the old owner tied to the namespace ends in
   * the same transaction (threat C11). Throws {@link NamespaceNotFound}, {@link OrganizationNotFound},
   * {@link NamespaceIsMirrors}.
   */
  async move(name: string, organizationId: string): Promise<OwnedNamespace> {
    const folded = foldNamespace(name);
    return this.changes.run(async () => {
      const claim = await this.lock(folded);
      if (claim.pulledFrom !== null) throw new NamespaceIsMirrors(claim.pulledFrom);
      const { visibility } = await this.holdOwner(organizationId);
      const from = claim.organizationId;
      if (from === organizationId) {
        this.changes.nothingChanged();
        return this.owned(folded);
      }
      await this.claims.move(claim.id, organizationId);
      await this.holders.move(folded, organizationId);
      await this.holders.changeVisibility([claim.name], visibility);
      await this.namespaces.endBindings(claim.name, from, organizationId);
      const change = { before: { organization_id: from }, after: { organization_id: organizationId } };
      if (from !== null) await this.record(from, claim.name, change);
      await this.record(organizationId, claim.name, change);
      return this.owned(folded);
    });
  }

  /**
   * Gives a name back to everybody. Throws {@link NamespaceNotFound}, and {@link NamespaceInUse} while anything,
   * tombstones included, is in it, {@link NamespaceIsMirrors} when a mirror fetches modules into it.
   */
  async release(name: string): Promise<void> {
    const folded = foldNamespace(name);
    await this.changes.run(async () => {
      const claim = await this.lock(folded);
      if (claim.pulledFrom !== null) throw new NamespaceIsMirrors(claim.pulledFrom);
      if (await this.holders.isUsed(folded)) throw new NamespaceInUse();
      await this.claims.delete(claim.id);
      await this.record(claim.organizationId, claim.name, {
        before: { organization_id: claim.organizationId },
      });
    });
  }

  private async lock(folded: string): Promise<NamespaceClaim> {
    const claim = await this.claims.lock(folded);
    if (claim === undefined) throw new NamespaceNotFound();
    return claim;
  }

  /** In single-tenant mode further organizations own nothing (REST contract 3.5). */
  private async holdOwner(organizationId: string) {
    const organization = await this.organizations.hold(organizationId);
    if (organization === null) throw new OrganizationNotFound();
    if (!this.config.multiTenancyEnabled && !organization.isDefault) {
      throw new InvalidInput(
        'Without multi_tenancy.enabled every namespace belongs to the default organization',
      );
    }
    return organization;
  }

  private async owned(folded: string): Promise<OwnedNamespace> {
    return (await this.claims.find(folded)) as OwnedNamespace;
  }

  private record(
    organizationId: string | null,
    namespace: string,
    change: { before?: Record<string, unknown>; after?: Record<string, unknown> },
  ): Promise<void> {
    const record = { resource: 'organization', resourceId: organizationId, organizationId } as const;
    return this.changes.record({ ...record, ...change, metadata: { namespace } }, 'namespaces', 'identity');
  }
}
