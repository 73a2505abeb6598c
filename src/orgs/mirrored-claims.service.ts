import { Injectable } from '@nestjs/common';
import { foldNamespace } from '../kernel/terraform/namespace-name.js';
import { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { Transactions } from '../platform/database/transactions.js';
import { MirroredElsewhere } from './domain/orgs.errors.js';
import type { PublishGrant } from './domain/publish-grant.js';
import { OrgAccess } from './org-access.service.js';
import { NamespaceClaimsRepository } from './persistence/namespace-claims.repository.js';

/**
 * Claims of mirrored providers (REST contract 6.3): each is named `host/namespace/type`, claims no namespace, and says
 * who may read the provider. `Namespaces` issues the grants on them.
 */
@Injectable()
export class MirroredClaims {
  constructor(
    private readonly claims: NamespaceClaimsRepository,
    private readonly access: OrgAccess,
    private readonly transactions: Transactions,
    private readonly changes: CacheInvalidation,
  ) {}

  /**
   * The organization for whose readers a mirrored provider is here, `null` for everybody who may read anything;
   * `undefined` for one that is not mirrored. By `ProviderAddress.readers`.
   */
  async mirroredFor(readers: string): Promise<string | null | undefined> {
    const claim = await this.claims.findMirrored(readers);
    return claim === undefined || claim.isShared ? claim && null : claim.organizationId;
  }

  /** The upstream host of the oldest mirrored provider of this name; `undefined` when none is mirrored. */
  async oldestHost({
    namespace,
    type,
  }: Pick<ProviderAddress, 'namespace' | 'type'>): Promise<string | undefined> {
    const { mirrored } = await this.claims.findByAddress(`${namespace}/${type}`, foldNamespace(namespace));
    return mirrored && ProviderAddress.hostOf(mirrored.name);
  }

  /** Stores the claim of a grant unless it is there; in the caller's transaction. Throws {@link MirroredElsewhere}. */
  async claim(grant: PublishGrant): Promise<void> {
    const { claimId: id, namespace: readers, organizationId, mirrored } = grant;
    if (mirrored === null) throw new TypeError('This grant is about a namespace');
    if (await this.isHeldBy(grant)) return;
    if (await this.claims.addMirrored({ id, readers, organizationId, mirrored })) {
      this.transactions.afterCommit(() => this.access.forget(readers));
    } else if (!(await this.isHeldBy(grant))) {
      throw new MirroredElsewhere(readers);
    }
  }

  /** A mirrored provider goes, and its address is free again; in the transaction that deletes it. */
  async release({ namespace: readers }: PublishGrant): Promise<void> {
    await this.claims.deleteMirrored(readers);
    this.transactions.afterCommit(() => this.access.forget(readers));
  }

  /**
   * Says who may read what is not mirrored yet of a host, in the caller's transaction: the readers of an organization, or
   * everybody who may read anything here; nobody with `null`.
   */
  async putReadersOfHost(
    host: string,
    owner: { readonly organizationId: string; readonly isShared: boolean; readonly since: Date } | null,
  ): Promise<void> {
    await this.claims.putReadersOfHost(host, owner);
    this.changes.announce('namespaces');
  }

  private async isHeldBy({ namespace: readers, organizationId, mirrored }: PublishGrant): Promise<boolean> {
    const owner = await this.claims.holdOwner(readers);
    if (owner === undefined) return false;
    if (owner.organizationId !== organizationId || owner.isShared !== mirrored?.isShared) {
      throw new MirroredElsewhere(readers);
    }
    if (owner.createdAt > mirrored.since) await this.claims.predate(readers, mirrored.since);
    return true;
  }
}
