import { Injectable } from '@nestjs/common';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { MirroredClaims } from '../orgs/mirrored-claims.service.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { Transactions } from '../platform/database/transactions.js';
import type { RegistryProvider } from './domain/registry-provider.js';
import { MirroredOrder } from './mirrored-order.service.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

const NOBODY = { userId: null, name: null };

/** What is done with a mirrored provider, which is locked. */
export type MirroredWork = (grant: PublishGrant, provider: RegistryProvider) => Promise<void>;

/** Changes one mirrored provider in one transaction; an unknown or deleted one is left alone. */
@Injectable()
export class MirroredChange {
  constructor(
    private readonly transactions: Transactions,
    private readonly namespaces: Namespaces,
    private readonly mirrored: MirroredClaims,
    private readonly providers: ProvidersRepository,
    private readonly order: MirroredOrder,
  ) {}

  /** Runs `work`; `false` when there is no such provider. */
  run(address: ProviderAddress, work: MirroredWork): Promise<boolean> {
    return this.transactions.run(async () => {
      await this.providers.lockName(address);
      // Locked before any document, as a change of the visibility does it.
      await this.namespaces.holdVisibility(address.readers);
      const provider = await this.providers.lockByAddress(address);
      const grant = await this.namespaces.grantOnMirrored(address, NOBODY);
      if (provider === null || provider.deletedAt !== null || grant === undefined) return false;
      await work(grant, provider);
      return true;
    });
  }

  /** The same with the end of the provider: its address is free then, or means the next mirrored one. */
  end(address: ProviderAddress, work: MirroredWork): Promise<boolean> {
    return this.run(address, async (grant, provider) => {
      await work(grant, provider);
      await this.mirrored.release(grant);
      await this.order.renewOldest(address);
    });
  }
}
