import { Injectable } from '@nestjs/common';
import { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { MirroredClaims } from '../orgs/mirrored-claims.service.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { ProviderIsMirrored, ProviderNotFound, ProviderPublishedHere } from './domain/providers.errors.js';
import type { RegistryProvider } from './domain/registry-provider.js';
import { MirroredOrder } from './mirrored-order.service.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

/** What a publisher may say about the provider beside its packages. Absent fields stay as they are. */
export interface ProviderDescription {
  readonly description?: string;
  readonly source?: string;
}

/** What is to be written, and by which right. */
export interface ProviderTarget {
  readonly grant: PublishGrant;
  readonly address: ProviderAddress;
  /** Runs first in the transaction. */
  readonly fence?: (() => Promise<void>) | undefined;
}

/** Makes sure that a provider and the claim on its readers exist before something is put into it. */
@Injectable()
export class ProviderRegistration {
  constructor(
    private readonly transactions: Transactions,
    private readonly namespaces: Namespaces,
    private readonly mirrored: MirroredClaims,
    private readonly providers: ProvidersRepository,
    private readonly order: MirroredOrder,
  ) {}

  /**
   * Runs `work` in one transaction with the provider row locked; claim and provider are made when missing
   * and vanish again when `work` fails. A deleted provider comes back empty.
   *
   * @throws NamespaceNotYours, ProviderIsMirrored
   * @throws MirroredElsewhere, ProviderPublishedHere for a mirrored provider
   */
  within<T>(
    { grant, address, fence }: ProviderTarget,
    about: ProviderDescription,
    work: (provider: RegistryProvider) => Promise<T>,
  ): Promise<T> {
    return this.transactions.run(async () => {
      await fence?.();
      if (grant.mirrored === null) await this.claimOwn(grant, address);
      else await this.claimMirrored(grant, address);
      const provider = await this.providers.lockOrCreate(address, {
        organizationId: grant.organizationId,
        description: about.description ?? null,
        source: about.source ?? null,
        createdBy: grant.actor.userId,
        createdByName: grant.actor.name,
      });
      const change = {
        description: about.description ?? provider.description,
        source: about.source ?? provider.source,
        deletedAt: null,
        ...(grant.mirrored !== null && { organizationId: grant.organizationId }),
      };
      await this.providers.update(provider.id, change);
      return work({ ...provider, ...change });
    });
  }

  /** The provider of an address that something was put into. Throws {@link ProviderNotFound}. */
  async get(address: ProviderAddress): Promise<RegistryProvider> {
    const provider = await this.providers.findAny(address);
    if (!provider) throw new ProviderNotFound();
    return provider;
  }

  /** A provider that is here stays one: only the first publish has to look whether a mirror has the name. */
  private async claimOwn(grant: PublishGrant, address: ProviderAddress): Promise<void> {
    await this.namespaces.claim(grant);
    if (await this.providers.lockByAddress(address)) return;
    await this.providers.lockName(address);
    if ((await this.providers.usesOf(address)).isMirrored) throw new ProviderIsMirrored(address.toString());
  }

  private async claimMirrored(grant: PublishGrant, address: ProviderAddress): Promise<void> {
    await this.providers.lockName(address);
    if ((await this.providers.usesOf(address)).isPublished)
      throw new ProviderPublishedHere(address.toString());
    const before = await this.mirrored.oldestHost(address);
    await this.namespaces.claim(grant);
    const after = await this.mirrored.oldestHost(address);
    if (before !== undefined && before !== after) await this.order.renew(address.from(before));
  }
}
