import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
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

/**
 * Changes what may be done with versions after they are published. A deletion turns rows into tombstones
 * in one transaction; the objects are removed later by the sweep, once nothing refers to them.
 */
@Injectable()
export class ProviderLifecycle {
  constructor(
    private readonly transactions: Transactions,
    private readonly providers: ProvidersRepository,
    private readonly versions: ProviderVersionsRepository,
    private readonly documents: ProviderDocuments,
    private readonly clock: Clock,
    private readonly records: ProviderRecords,
  ) {}

  /**
   * Marks a version deprecated, or changes the message of the mark; the CLI shows it at every `init`.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound
   */
  deprecate(
    grant: PublishGrant,
    address: ProviderAddress,
    version: Version,
    message: string | null,
  ): Promise<void> {
    return this.changeVersion(grant, address, version, (row) =>
      this.versions.markDeprecated(row.id, { at: row.deprecatedAt ?? this.clock.now(), message }),
    );
  }

  /**
   * Takes the deprecation mark away; a version without one stays as it is.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound
   */
  undeprecate(grant: PublishGrant, address: ProviderAddress, version: Version): Promise<void> {
    return this.changeVersion(grant, address, version, (row) =>
      this.versions.markDeprecated(row.id, { at: null, message: null }),
    );
  }

  /**
   * Deletes a version: its number stays taken, only the same bytes bring it back.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound
   */
  deleteVersion(grant: PublishGrant, address: ProviderAddress, version: Version): Promise<void> {
    return this.changeVersion(grant, address, version, (row) =>
      this.versions.bury([row.id], this.clock.now(), grant.actor.name),
    );
  }

  /**
   * Deletes a provider with all its versions; the claim on the namespace stays.
   *
   * @throws ProviderNotFound
   */
  deleteProvider(grant: PublishGrant, address: ProviderAddress): Promise<void> {
    return this.transactions.run(async () => {
      const provider = await this.lockedProvider(address);
      const releases = await this.versions.list(provider.id);
      const now = this.clock.now();
      await this.versions.bury(
        releases.map(({ version }) => version.id),
        now,
        grant.actor.name,
      );
      await this.providers.update(provider.id, { deletedAt: now });
      await this.documents.removeAll(address);
      const deleted = releases.map(({ version }) => version.version);
      await this.records.providerDeleted(grant, address, provider.id, deleted);
    });
  }

  private changeVersion(
    grant: PublishGrant,
    address: ProviderAddress,
    version: Version,
    change: (row: ProviderVersion) => Promise<void>,
  ): Promise<void> {
    return this.transactions.run(async () => {
      const provider = await this.lockedProvider(address);
      const release = await this.versions.find(provider.id, version.text);
      if (!release || release.version.state === 'deleted')
        throw new ProviderVersionNotFound('Version not found');
      await change(release.version);
      await this.documents.rebuild(provider.id, address, grant, version.text);
      const changed = await this.versions.find(provider.id, version.text);
      if (changed) await this.records.versionChanged(grant, address, release.version, changed.version);
    });
  }

  private async lockedProvider(address: ProviderAddress): Promise<RegistryProvider> {
    const found = await this.providers.findByAddress(address);
    if (!found) throw new ProviderNotFound();
    await this.providers.lock(found.id);
    const provider = await this.providers.findByAddress(address);
    if (!provider) throw new ProviderNotFound();
    return provider;
  }
}
