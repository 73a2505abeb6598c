import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { Version } from '../kernel/terraform/version.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { ProviderIsMirrored } from './domain/providers.errors.js';
import { ProviderDocuments } from './provider-documents.js';
import { ProviderRecords } from './provider-records.js';
import { ProviderVersionChange } from './provider-version-change.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

/** What people are told who use a deprecated version. */
export interface ProviderDeprecation {
  readonly message: string | null;
  /** What to use instead. */
  readonly replacement: ProviderAddress | null;
}

/**
 * Deprecates and deletes what was published. A deletion turns rows into tombstones in one transaction; the objects
 * are removed later by the sweep, once nothing refers to them. `ProviderStanding` withdraws and quarantines.
 */
@Injectable()
export class ProviderLifecycle {
  constructor(
    private readonly changes: ProviderVersionChange,
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
  async deprecate(
    grant: PublishGrant,
    address: ProviderAddress,
    version: Version,
    { message, replacement }: ProviderDeprecation,
  ): Promise<void> {
    await this.changes.run({ grant, address, version }, (row) =>
      this.versions.markDeprecated(row.id, {
        deprecatedAt: row.deprecatedAt ?? this.clock.now(),
        deprecationMessage: message,
        replacement: replacement && replacement.toString(),
      }),
    );
  }

  /**
   * Takes the deprecation mark away; a version without one stays as it is.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound
   */
  async undeprecate(grant: PublishGrant, address: ProviderAddress, version: Version): Promise<void> {
    await this.changes.run({ grant, address, version }, (row) =>
      this.versions.markDeprecated(row.id, {
        deprecatedAt: null,
        deprecationMessage: null,
        replacement: null,
      }),
    );
  }

  /**
   * Deletes a version: its number stays taken, only the same bytes bring it back, and not even they when it was
   * quarantined.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound
   * @throws ProviderIsMirrored its mirror decides which versions are here
   */
  async deleteVersion(grant: PublishGrant, address: ProviderAddress, version: Version): Promise<void> {
    assertPublishedHere(grant, address);
    await this.changes.run({ grant, address, version }, (row) =>
      this.versions.bury([row.id], this.clock.now(), grant.actor.name),
    );
  }

  /**
   * Deletes a provider with all its versions; the claim on the namespace stays.
   *
   * @throws ProviderNotFound, ProviderIsMirrored
   */
  async deleteProvider(grant: PublishGrant, address: ProviderAddress): Promise<void> {
    assertPublishedHere(grant, address);
    return this.changes.locked(address, false, async (provider) => {
      const releases = await this.versions.list(provider.id);
      const now = this.clock.now();
      await this.versions.bury(
        releases.map(({ version }) => version.id),
        now,
        grant.actor.name,
      );
      await this.providers.update(provider.id, { deletedAt: now });
      const deleted = releases.map(({ version }) => version.version);
      await this.documents.removeAll(address, deleted);
      await this.records.providerDeleted(grant, address, provider.id, deleted);
    });
  }
}

function assertPublishedHere({ mirrored }: PublishGrant, address: ProviderAddress): void {
  if (mirrored !== null) throw new ProviderIsMirrored(address.toString());
}
