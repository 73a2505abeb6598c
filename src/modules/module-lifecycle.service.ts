import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { Version } from '../kernel/terraform/version.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { Transactions } from '../platform/database/transactions.js';
import type { ModuleVersion } from './domain/module-version.js';
import { ModuleNotFound, ModuleVersionNotFound } from './domain/modules.errors.js';
import type { RegistryModule } from './domain/registry-module.js';
import { ModuleDocuments } from './module-documents.js';
import { ModuleRecords } from './module-records.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/**
 * Changes what may be done with versions after they are published. A deletion turns rows into tombstones
 * in one transaction; the objects are removed later by the sweep, once nothing refers to them.
 */
@Injectable()
export class ModuleLifecycle {
  constructor(
    private readonly transactions: Transactions,
    private readonly modules: ModulesRepository,
    private readonly documents: ModuleDocuments,
    private readonly clock: Clock,
    private readonly records: ModuleRecords,
  ) {}

  /**
   * Marks a version deprecated, or changes the message of the mark.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound
   */
  deprecate(
    grant: PublishGrant,
    address: ModuleAddress,
    version: Version,
    message: string | null,
  ): Promise<void> {
    return this.changeVersion(grant, address, version, (row) =>
      this.modules.markDeprecated(row.id, { at: row.deprecatedAt ?? this.clock.now(), message }),
    );
  }

  /**
   * Takes the deprecation mark away; a version without one stays as it is.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound
   */
  undeprecate(grant: PublishGrant, address: ModuleAddress, version: Version): Promise<void> {
    return this.changeVersion(grant, address, version, (row) =>
      this.modules.markDeprecated(row.id, { at: null, message: null }),
    );
  }

  /**
   * Deletes a version: its number stays taken, only the same bytes bring it back.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound
   */
  deleteVersion(grant: PublishGrant, address: ModuleAddress, version: Version): Promise<void> {
    return this.changeVersion(grant, address, version, (row) =>
      this.modules.buryVersions([row.id], this.clock.now(), grant.actor.name),
    );
  }

  /**
   * Deletes a module with all its versions; the claim on the namespace stays.
   *
   * @throws ModuleNotFound
   */
  deleteModule(grant: PublishGrant, address: ModuleAddress): Promise<void> {
    return this.transactions.run(async () => {
      const module = await this.lockedModule(address);
      const versions = await this.modules.listVersionSummaries(module.id);
      const now = this.clock.now();
      await this.modules.buryVersions(
        versions.map((version) => version.id),
        now,
        grant.actor.name,
      );
      await this.modules.update(module.id, { deletedAt: now });
      await this.documents.removeAll(address);
      await this.records.moduleChanged(grant, address, module.id, {
        versions: versions.map(({ version }) => version),
      });
    });
  }

  private changeVersion(
    grant: PublishGrant,
    address: ModuleAddress,
    version: Version,
    change: (row: ModuleVersion) => Promise<void>,
  ): Promise<void> {
    return this.transactions.run(async () => {
      const module = await this.lockedModule(address);
      const before = await this.visibleVersion(module.id, version);
      await change(before);
      const changed = await this.modules.findVersion(module.id, version.text);
      await this.documents.rebuild(module.id, address, grant, changed ? [changed] : []);
      if (changed) await this.records.versionChanged(grant, address, before, changed);
    });
  }

  private async lockedModule(address: ModuleAddress): Promise<RegistryModule> {
    const found = await this.modules.findByAddress(address);
    if (!found) throw new ModuleNotFound();
    await this.modules.lock(found.id);
    const module = await this.modules.findByAddress(address);
    if (!module) throw new ModuleNotFound();
    return module;
  }

  private async visibleVersion(moduleId: string, version: Version): Promise<ModuleVersion> {
    const row = await this.modules.findVersion(moduleId, version.text);
    if (!row || row.state === 'deleted') throw new ModuleVersionNotFound('Version not found');
    return row;
  }
}
