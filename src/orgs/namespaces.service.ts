import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { IdentifiedPrincipal, Principal } from '../access/principal.js';
import type { Scope } from '../access/scope.js';
import { foldNamespace, NamespaceName } from '../kernel/terraform/namespace-name.js';
import { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { Transactions } from '../platform/database/transactions.js';
import type { NamespaceClaim } from './domain/namespace-claim.js';
import type { MirroredFor } from './domain/mirrored-for.js';
import {
  MirroredElsewhere,
  NamespaceIsPulled,
  NamespaceNotPulled,
  NamespaceNotYours,
  OrganizationNotFound,
} from './domain/orgs.errors.js';
import type { Visibility } from './domain/organization.js';
import type { ProviderGrant } from './domain/provider-grant.js';
import { PublishGrant } from './domain/publish-grant.js';
import { MirroredClaims } from './mirrored-claims.service.js';
import { OrgAccess } from './org-access.service.js';
import { Organizations } from './organizations.service.js';
import { NamespaceOwners } from './namespace-owners.service.js';
import { NamespaceClaimsRepository } from './persistence/namespace-claims.repository.js';

const issueGrant = PublishGrant.takeIssuer();

/** Ends what the old owner of a namespace tied to it; `fromOrganizationId` is `null` when the owner was gone. */
export type MoveListener = (
  namespace: string,
  fromOrganizationId: string | null,
  toOrganizationId: string,
) => Promise<void>;

/**
 * Who owns which namespace (REST contract 3.5), and the only source of grants. A namespace has one owner for
 * modules and providers; names that differ only in case, or in `_` and `-`, are one namespace.
 */
@Injectable()
export class Namespaces {
  private readonly moveListeners: MoveListener[] = [];

  constructor(
    private readonly claims: NamespaceClaimsRepository,
    private readonly organizations: Organizations,
    private readonly access: OrgAccess,
    private readonly transactions: Transactions,
    private readonly owners: NamespaceOwners,
    private readonly mirrored: MirroredClaims,
  ) {}

  /** The claim on `namespace`, in any spelling. */
  find(namespace: string): Promise<NamespaceClaim | undefined> {
    return this.claims.find(foldNamespace(namespace));
  }

  /** The claim by which `ProviderAddress.readers` may read: on the namespace, or of the mirrored provider. */
  findReaders(readers: string): Promise<NamespaceClaim | undefined> {
    return readers.includes('/') ? this.claims.findMirrored(readers) : this.find(readers);
  }

  /** Calls `listener` with the name of a claim, inside the transaction that moves it to another organization. */
  onMove(listener: MoveListener): void {
    this.moveListeners.push(listener);
  }

  /** A claim is moving: everything tied to the old owner ends, in the transaction of the caller (threat C11). */
  async endBindings(namespace: string, from: string | null, to: string): Promise<void> {
    for (const listener of this.moveListeners) await listener(namespace, from, to);
  }

  /**
   * The visibility of a namespace or of the readers of a mirrored provider, which stays so until the surrounding
   * transaction ends; `undefined` for one that nobody owns. What is shared follows the server.
   */
  async holdVisibility(namespace: string): Promise<Visibility | undefined> {
    const held = await this.holdReaders(namespace);
    return held === 'shared' ? null : held;
  }

  /** The same, with `shared` where everybody may read who may read anything here. */
  async holdReaders(namespace: string): Promise<Visibility | 'shared' | undefined> {
    const { visibility, isShared } = (await this.claims.holdOwner(foldNamespace(namespace))) ?? {};
    return isShared === true ? 'shared' : visibility;
  }

  /**
   * The right of a mirror to bring a provider; `claim` stores it. Nobody is asked: who made the mirror was. Throws
   * {@link MirroredElsewhere}, {@link OrganizationNotFound}.
   */
  async grantMirrored(
    address: ProviderAddress,
    { organizationId, since, actor }: MirroredFor,
  ): Promise<PublishGrant> {
    const owner =
      organizationId === null
        ? await this.organizations.getDefault()
        : await this.organizations.find(organizationId);
    if (owner === undefined) throw new OrganizationNotFound();
    const isShared = organizationId === null;
    const claim = await this.claims.findMirrored(address.readers);
    const isTheirs =
      claim !== undefined && (claim.organizationId !== owner.id || claim.isShared !== isShared);
    if (isTheirs) throw new MirroredElsewhere(address.readers);
    const id = claim?.id ?? randomUUID();
    const { id: organization, visibility } = owner;
    const held = { id, name: address.readers, organizationId: organization, visibility, isShared };
    return grantOn({ ...held, createdAt: since }, actor);
  }

  /** The right to change what a mirror brought, for jobs; `undefined` when there is no such provider. */
  async grantOnMirrored(
    address: ProviderAddress,
    actor: PublishGrant['actor'],
  ): Promise<PublishGrant | undefined> {
    const claim = await this.claims.findMirrored(address.readers);
    if (claim === undefined || claim.organizationId === null) return undefined;
    return grantOn({ ...claim, organizationId: claim.organizationId }, actor);
  }

  /**
   * The right to publish into `namespace`, owned already or free. `organizationId` says who is to own a free
   * one in multi-tenant mode. Stores nothing: a free namespace is claimed by `claim`, in the transaction that
   * puts the first thing into it. Throws {@link NamespaceNotYours}, {@link NamespaceIsPulled}; `InvalidAddress` for an
   * impossible name; `InvalidInput` when nothing says who is to own a free namespace.
   */
  async grantPublish(
    principal: Principal,
    namespace: string,
    scope: Scope,
    organizationId?: string,
  ): Promise<PublishGrant> {
    const claim = await this.claims.find(NamespaceName.parse(namespace).folded);
    if (claim !== undefined && claim.pulledFrom !== null) {
      const { name, organizationId: owner, pulledFrom } = claim;
      const mayAct = owner !== null && this.mayActIn(principal, name, owner, scope);
      const mayKnow =
        mayAct || (await this.access.readDecision(principal, name, readScopeOf(scope))) === 'allowed';
      throw mayKnow ? new NamespaceIsPulled(name, pulledFrom) : new NamespaceNotYours();
    }
    return this.grantInto(principal, namespace, scope, organizationId);
  }

  /** The organization that owns `namespace`, or would, for who may publish there or might if it were not pulled. */
  async publisherOf(principal: Principal, namespace: string, scope: Scope): Promise<string> {
    return (await this.grantInto(principal, namespace, scope)).organizationId;
  }

  /** The right of a mirror to bring modules of `host` into a namespace. Throws {@link NamespaceNotPulled}. */
  async grantPulled(namespace: string, host: string, actor: PublishGrant['actor']): Promise<PublishGrant> {
    const { organizationId = null, pulledFrom, ...claim } = (await this.find(namespace)) ?? {};
    if (organizationId === null || pulledFrom !== host) throw new NamespaceNotPulled();
    return grantOn({ ...(claim as NamespaceClaim), organizationId }, actor, host);
  }

  private async grantInto(
    principal: Principal,
    namespace: string,
    scope: Scope,
    organizationId?: string,
  ): Promise<PublishGrant> {
    const { text, folded } = NamespaceName.parse(namespace);
    const claim = await this.claims.find(folded);
    if (claim !== undefined) {
      const { name, organizationId: ownerId } = claim;
      if (ownerId === null || !this.mayActIn(principal, name, ownerId, scope)) throw new NamespaceNotYours();
      return grantOn({ ...claim, organizationId: ownerId }, principal);
    }
    const owner = await this.owners.futureOwner(principal, folded, scope, organizationId);
    if (owner === undefined || !this.mayActIn(principal, text, owner.id, scope))
      throw new NamespaceNotYours();
    if (await this.owners.isReserved(folded, owner.id)) throw new NamespaceNotYours();
    const { id, visibility } = owner;
    return grantOn({ id: randomUUID(), name: text, organizationId: id, visibility }, principal);
  }

  /**
   * The right to do what `scope` allows in `namespace`; `undefined` when there is no such namespace for this caller.
   * Throws {@link NamespaceNotYours} to a caller who sees it with `seenWith` but may not.
   */
  async grantChange(
    principal: Principal,
    namespace: string,
    scope: Scope,
    seenWith: Scope = readScopeOf(scope),
  ): Promise<PublishGrant | undefined> {
    return this.grantOnClaim(principal, await this.find(namespace), scope, seenWith);
  }

  /**
   * The same for what a provider address means: the one published here, else the oldest mirrored one.
   */
  async grantProviderChange(
    principal: Principal,
    asked: ProviderAddress,
    scope: Scope,
    seenWith: Scope = readScopeOf(scope),
  ): Promise<ProviderGrant | undefined> {
    const { own, mirrored } = await this.claims.findByAddress(
      asked.toString(),
      foldNamespace(asked.namespace),
    );
    const address = asked.from(mirrored === undefined ? '' : ProviderAddress.hostOf(mirrored.name));
    const grant = await this.grantOnClaim(principal, mirrored ?? own, scope, seenWith);
    return grant && { grant, address };
  }

  /**
   * The organization that owns `namespace`, for callers who hold `scope` there; `undefined` and failures like those of
   * {@link grantChange}.
   */
  async ownerFor(
    principal: Principal,
    namespace: string,
    scope: Scope,
    seenWith: Scope,
  ): Promise<string | undefined> {
    return (await this.grantChange(principal, namespace, scope, seenWith))?.organizationId;
  }

  /**
   * Stores the claim of a grant when the namespace was free; belongs into the transaction that puts something
   * into it. Throws {@link NamespaceNotYours}, {@link NamespaceIsPulled}, {@link NamespaceNotPulled}.
   */
  async claim(grant: PublishGrant): Promise<void> {
    const { claimId: id, namespace: name, organizationId } = grant;
    if (grant.mirrored !== null) return this.mirrored.claim(grant);
    if (await this.isHeldBy(grant)) return;
    if (grant.pulledFrom !== null) throw new NamespaceNotPulled();
    const folded = foldNamespace(name);
    await this.claims.lockName(folded);
    if (await this.owners.isReserved(folded, organizationId)) throw new NamespaceNotYours();
    if (await this.claims.addIfAbsent({ id, name, folded, organizationId })) {
      this.transactions.afterCommit(() => this.access.forget(name));
    } else if (!(await this.isHeldBy(grant))) {
      throw new NamespaceNotYours();
    }
  }

  private async grantOnClaim(
    principal: Principal,
    claim: NamespaceClaim | undefined,
    scope: Scope,
    seenWith: Scope,
  ): Promise<PublishGrant | undefined> {
    if (claim === undefined || claim.organizationId === null) return undefined;
    const { name, organizationId } = claim;
    if (this.mayActIn(principal, name, organizationId, scope))
      return grantOn({ ...claim, organizationId }, principal);
    if ((await this.access.readDecision(principal, name, seenWith)) !== 'allowed') return undefined;
    throw new NamespaceNotYours();
  }

  /** Whether the claim is as the grant says, and stays so until the transaction ends; `false` for a free namespace. */
  private async isHeldBy({ namespace, organizationId, pulledFrom }: PublishGrant): Promise<boolean> {
    const owner = await this.claims.holdOwner(foldNamespace(namespace));
    if (owner === undefined) return false;
    const isSame = owner.organizationId === organizationId;
    if (pulledFrom !== null && !(isSame && owner.pulledFrom === pulledFrom)) throw new NamespaceNotPulled();
    if (!isSame) throw new NamespaceNotYours();
    if (pulledFrom === null && owner.pulledFrom !== null) {
      throw new NamespaceIsPulled(namespace, owner.pulledFrom);
    }
    return true;
  }

  private mayActIn(
    principal: Principal,
    namespace: string,
    organizationId: string,
    scope: Scope,
  ): principal is IdentifiedPrincipal {
    return this.access.mayActInNamespace(principal, namespace, organizationId, scope);
  }
}

function grantOn(
  claim: Pick<NamespaceClaim, 'id' | 'name' | 'visibility'> &
    Partial<Pick<NamespaceClaim, 'isShared' | 'createdAt'>> & { organizationId: string },
  by: IdentifiedPrincipal | PublishGrant['actor'],
  pulledFrom: string | null = null,
): PublishGrant {
  const { id, name, organizationId, visibility, isShared = false, createdAt: since = new Date(0) } = claim;
  const address = name.slice(name.indexOf('/') + 1);
  return issueGrant({
    organizationId,
    claimId: id,
    namespace: name,
    visibility: isShared ? null : visibility,
    actor: { userId: by.userId, name: by.name },
    publishedFrom: 'publishedFrom' in by ? by.publishedFrom : null,
    mirrored: name.includes('/') ? { address, isShared, since } : null,
    pulledFrom,
  });
}

function readScopeOf(scope: Scope): Scope {
  return scope.startsWith('providers:') ? 'providers:read' : 'modules:read';
}
