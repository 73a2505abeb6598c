import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { IdentifiedPrincipal, Principal } from '../access/principal.js';
import type { Scope } from '../access/scope.js';
import { AuthConfig } from '../config/auth.config.js';
import { foldNamespace, NamespaceName } from '../kernel/terraform/namespace-name.js';
import { Transactions } from '../platform/database/transactions.js';
import type { NamespaceClaim } from './domain/namespace-claim.js';
import { NamespaceNotYours } from './domain/orgs.errors.js';
import type { Organization } from './domain/organization.js';
import { PublishGrant } from './domain/publish-grant.js';
import { OrgAccess } from './org-access.service.js';
import { Organizations } from './organizations.service.js';
import { NamespaceClaimsRepository } from './persistence/namespace-claims.repository.js';

const issueGrant = PublishGrant.takeIssuer();

/**
 * Who owns which namespace (REST contract 3.5), and the only source of grants. A namespace has one owner for
 * modules and providers; names that differ only in case, or in `_` and `-`, are one namespace.
 */
@Injectable()
export class Namespaces {
  constructor(
    private readonly claims: NamespaceClaimsRepository,
    private readonly organizations: Organizations,
    private readonly access: OrgAccess,
    private readonly transactions: Transactions,
    private readonly config: AuthConfig,
  ) {}

  /** The claim on `namespace`, in any spelling. */
  find(namespace: string): Promise<NamespaceClaim | undefined> {
    return this.claims.find(foldNamespace(namespace));
  }

  /**
   * The right to publish into `namespace`, owned already or free. `organizationId` says who is to own a free
   * one in multi-tenant mode. Stores nothing: a free namespace is claimed by `claim`, in the transaction that
   * puts the first thing into it. Throws {@link NamespaceNotYours}; `InvalidAddress` for an impossible name.
   */
  async grantPublish(
    principal: Principal,
    namespace: string,
    scope: Scope,
    organizationId?: string,
  ): Promise<PublishGrant> {
    const { text, folded } = NamespaceName.parse(namespace);
    const claim = await this.claims.find(folded);
    if (claim !== undefined) {
      if (!this.mayActIn(principal, claim.name, claim.organizationId, scope)) throw new NamespaceNotYours();
      return grantOn(claim, principal);
    }
    const owner = await this.futureOwner(principal, organizationId);
    if (owner === undefined || !this.mayActIn(principal, text, owner.id, scope))
      throw new NamespaceNotYours();
    if (await this.isReserved(folded, owner.id)) throw new NamespaceNotYours();
    const { id, visibility } = owner;
    return grantOn({ id: randomUUID(), name: text, organizationId: id, visibility }, principal);
  }

  /**
   * The right to change what is in `namespace`; `undefined` when there is no such namespace for this caller.
   * Throws {@link NamespaceNotYours} to a caller who may read but not change it.
   */
  async grantChange(
    principal: Principal,
    namespace: string,
    scope: Scope,
  ): Promise<PublishGrant | undefined> {
    const claim = await this.find(namespace);
    if (claim === undefined) return undefined;
    if (this.mayActIn(principal, claim.name, claim.organizationId, scope)) return grantOn(claim, principal);
    const decision = await this.access.readDecision(principal, namespace, readScopeOf(scope));
    if (decision !== 'allowed') return undefined;
    throw new NamespaceNotYours();
  }

  /**
   * Stores the claim of a grant when the namespace was free; belongs into the transaction that puts something
   * into it, so that a refused publish claims nothing. Throws {@link NamespaceNotYours} when another
   * organization was faster.
   */
  async claim(grant: PublishGrant): Promise<void> {
    const { claimId: id, namespace: name, organizationId } = grant;
    const folded = foldNamespace(name);
    if (await this.claims.addIfAbsent({ id, name, folded, organizationId })) {
      this.transactions.afterCommit(() => this.access.forget(name));
      return;
    }
    const existing = await this.claims.find(folded);
    if (existing?.organizationId !== organizationId) throw new NamespaceNotYours();
  }

  private mayActIn(
    principal: Principal,
    namespace: string,
    organizationId: string,
    scope: Scope,
  ): principal is IdentifiedPrincipal {
    return this.access.mayActInNamespace(principal, namespace, organizationId, scope);
  }

  /** The organization that a free namespace would belong to. */
  private async futureOwner(
    principal: Principal,
    organizationId: string | undefined,
  ): Promise<Organization | undefined> {
    if (principal.kind === 'anonymous') return undefined;
    if (!this.config.multiTenancyEnabled) return this.organizations.getDefault();
    const ownOrganization = principal.kind === 'api-key' ? principal.organizationId : '';
    return this.organizations.find(organizationId || ownOrganization);
  }

  /** In multi-tenant mode the name of an organization is a namespace for itself only. */
  private async isReserved(folded: string, ownerId: string): Promise<boolean> {
    return this.config.multiTenancyEnabled && (await this.organizations.isNameOfAnother(folded, ownerId));
  }
}

function grantOn(
  claim: Pick<NamespaceClaim, 'id' | 'name' | 'organizationId' | 'visibility'>,
  principal: IdentifiedPrincipal,
): PublishGrant {
  return issueGrant({
    organizationId: claim.organizationId,
    claimId: claim.id,
    namespace: claim.name,
    visibility: claim.visibility,
    actor: { userId: principal.userId, name: principal.name },
  });
}

function readScopeOf(scope: Scope): Scope {
  return scope.startsWith('providers:') ? 'providers:read' : 'modules:read';
}
