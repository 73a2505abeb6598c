import { Injectable } from '@nestjs/common';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { Transactions } from '../platform/database/transactions.js';
import type { RegistryProvider } from './domain/registry-provider.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

/** What a publisher may say about the provider beside its packages. Absent fields stay as they are. */
export interface ProviderDescription {
  readonly description?: string;
  readonly source?: string;
}

/** Makes sure that a provider and the claim on its namespace exist before something is put into it. */
@Injectable()
export class ProviderRegistration {
  constructor(
    private readonly transactions: Transactions,
    private readonly namespaces: Namespaces,
    private readonly providers: ProvidersRepository,
  ) {}

  /**
   * Runs `work` in one transaction with the provider row locked; claim and provider are made when missing
   * and vanish again when `work` fails. A deleted provider comes back empty.
   *
   * @throws NamespaceNotYours
   */
  within<T>(
    grant: PublishGrant,
    address: ProviderAddress,
    about: ProviderDescription,
    work: (provider: RegistryProvider) => Promise<T>,
  ): Promise<T> {
    return this.transactions.run(async () => {
      await this.namespaces.claim(grant);
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
      };
      await this.providers.update(provider.id, change);
      return work({ ...provider, ...change });
    });
  }
}
