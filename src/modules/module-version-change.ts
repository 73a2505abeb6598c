import { Injectable } from '@nestjs/common';
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

/** Where the version is that is to be changed, and by which right. */
export interface ModuleVersionTarget {
  readonly grant: PublishGrant;
  readonly address: ModuleAddress;
  readonly version: Version;
}

/** Changes one version in one transaction: the row, the documents and files that follow from it, and the record. */
@Injectable()
export class ModuleVersionChange {
  constructor(
    private readonly transactions: Transactions,
    private readonly modules: ModulesRepository,
    private readonly documents: ModuleDocuments,
    private readonly records: ModuleRecords,
  ) {}

  /**
   * Runs `change` with the module locked, so that changes of one module happen one after the other, and returns
   * the version as it is then. Tombstones are absent, unless `withTombstones`.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound
   */
  run(
    { grant, address, version }: ModuleVersionTarget,
    change: (row: ModuleVersion) => Promise<void>,
    { withTombstones = false }: { readonly withTombstones?: boolean } = {},
  ): Promise<ModuleVersion> {
    return this.locked(address, withTombstones, async (module) => {
      const before = await this.modules.findVersion(module.id, version.text);
      if (!before || (before.state === 'deleted' && !withTombstones)) {
        throw new ModuleVersionNotFound('Version not found');
      }
      await change(before);
      const after = (await this.modules.findVersion(module.id, version.text))!;
      if (module.deletedAt === null) await this.documents.rebuild(module.id, address, grant, [after]);
      else await this.documents.removeAll(address, [after]);
      await this.records.versionChanged(grant, address, before, after);
      return after;
    });
  }

  /**
   * Runs `work` in a transaction with the module locked; a deleted one is absent, unless `withDeleted`.
   *
   * @throws ModuleNotFound
   */
  locked<T>(
    address: ModuleAddress,
    withDeleted: boolean,
    work: (module: RegistryModule) => Promise<T>,
  ): Promise<T> {
    return this.transactions.run(async () => {
      const module = await this.modules.lockByAddress(address);
      if (!module || (module.deletedAt !== null && !withDeleted)) throw new ModuleNotFound();
      return work(module);
    });
  }
}
