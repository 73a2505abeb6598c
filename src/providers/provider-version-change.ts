import { Injectable } from '@nestjs/common';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { Version } from '../kernel/terraform/version.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { Transactions } from '../platform/database/transactions.js';
import type { ProviderVersion } from './domain/provider-version.js';
import { ProviderNotFound, ProviderVersionNotFound } from './domain/providers.errors.js';
import type { RegistryProvider } from './domain/registry-provider.js';
import { ProviderDocuments } from './provider-documents.js';
import { ProviderRecords } from './provider-records.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

/** Where the version is that is to be changed, and by which right. */
export interface ProviderVersionTarget {
  readonly grant: PublishGrant;
  readonly address: ProviderAddress;
  readonly version: Version;
}

/** Changes one version in one transaction: the row, the documents and files that follow from it, and the record. */
@Injectable()
export class ProviderVersionChange {
  constructor(
    private readonly transactions: Transactions,
    private readonly providers: ProvidersRepository,
    private readonly versions: ProviderVersionsRepository,
    private readonly documents: ProviderDocuments,
    private readonly records: ProviderRecords,
  ) {}

  /**
   * Runs `change` with the provider locked, so that changes of one provider happen one after the other, and returns
   * the version as it is then. Tombstones are absent, unless `withTombstones`.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound
   */
  run(
    { grant, address, version }: ProviderVersionTarget,
    change: (row: ProviderVersion) => Promise<void>,
    { withTombstones = false }: { readonly withTombstones?: boolean } = {},
  ): Promise<ProviderVersion> {
    return this.locked(address, withTombstones, async (provider) => {
      const before = (await this.versions.find(provider.id, version.text))?.version;
      if (!before || (before.state === 'deleted' && !withTombstones)) {
        throw new ProviderVersionNotFound('Version not found');
      }
      await change(before);
      const after = (await this.versions.find(provider.id, version.text))!.version;
      if (provider.deletedAt === null) {
        await this.documents.rebuild(provider.id, address, grant, version.text);
      } else {
        await this.documents.removeAll(address, [version.text]);
      }
      await this.records.versionChanged(grant, address, before, after);
      return after;
    });
  }

  /**
   * Runs `work` in a transaction with the provider locked; a deleted one is absent, unless `withDeleted`.
   *
   * @throws ProviderNotFound
   */
  locked<T>(
    address: ProviderAddress,
    withDeleted: boolean,
    work: (provider: RegistryProvider) => Promise<T>,
  ): Promise<T> {
    return this.transactions.run(async () => {
      const provider = await this.providers.lockByAddress(address);
      if (!provider || (provider.deletedAt !== null && !withDeleted)) throw new ProviderNotFound();
      return work(provider);
    });
  }
}
