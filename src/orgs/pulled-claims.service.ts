import { Injectable } from '@nestjs/common';
import { foldNamespace } from '../kernel/terraform/namespace-name.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { NamespaceNotPullable } from './domain/orgs.errors.js';
import type { NamespaceClaim } from './domain/namespace-claim.js';
import { NamespaceHolders } from './namespace-holders.js';
import { NamespaceOwners } from './namespace-owners.service.js';
import { NamespaceClaimsRepository } from './persistence/namespace-claims.repository.js';

/** For whom modules of an upstream are fetched into a namespace. */
export interface PulledFor {
  /** In the spelling of the upstream. */
  readonly namespace: string;
  /** Host of the upstream, in lower case, with a port that is not the usual one. */
  readonly host: string;
  readonly organizationId: string;
  /** Everybody may read it who may read anything here. */
  readonly isShared: boolean;
}

/**
 * Claims on namespaces into which modules of an upstream are fetched. Addresses of modules have no host, so a namespace is
 * either published here or pulled from one upstream. Every method belongs into the transaction of the mirror.
 */
@Injectable()
export class PulledClaims {
  constructor(
    private readonly claims: NamespaceClaimsRepository,
    private readonly holders: NamespaceHolders,
    private readonly owners: NamespaceOwners,
    private readonly changes: CacheInvalidation,
  ) {}

  /** Until the transaction ends nobody else takes or gives back these names. */
  async lock(namespaces: readonly string[]): Promise<void> {
    for (const folded of [...new Set(namespaces.map(foldNamespace))].sort()) {
      await this.claims.lockName(folded);
    }
  }

  /**
   * Claims a namespace for modules of an upstream, after {@link lock}.
   *
   * @throws NamespaceNotPullable it is published here, reserved, or pulled from elsewhere or for others
   */
  async put(pulled: PulledFor): Promise<void> {
    const { namespace: name, host: pulledFrom, organizationId, isShared } = pulled;
    const folded = foldNamespace(name);
    const claim = await this.claims.lock(folded);
    if (claim !== undefined && isSame(claim, pulled)) return;
    const isTheirs =
      claim !== undefined &&
      ((claim.pulledFrom ?? pulledFrom) !== pulledFrom ||
        (claim.pulledFrom === null && claim.organizationId !== organizationId) ||
        (await this.holders.isUsed(folded)));
    if (isTheirs || (await this.owners.isReserved(folded, organizationId))) {
      throw new NamespaceNotPullable(name, pulledFrom);
    }
    await this.claims.putPulled({ name, folded, organizationId, isShared, pulledFrom });
    this.changes.announce('namespaces');
  }

  /** Gives a namespace back that is no longer pulled from this upstream, unless something of it is, or was, here. */
  async release(namespace: string, host: string): Promise<void> {
    const folded = foldNamespace(namespace);
    const claim = await this.claims.lock(folded);
    if (claim === undefined || claim.pulledFrom !== host || (await this.holders.isUsed(folded))) return;
    await this.claims.delete(claim.id);
    this.changes.announce('namespaces');
  }
}

function isSame(claim: NamespaceClaim, { host, organizationId, isShared }: PulledFor): boolean {
  return claim.pulledFrom === host && claim.organizationId === organizationId && claim.isShared === isShared;
}
