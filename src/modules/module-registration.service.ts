import { Injectable } from '@nestjs/common';
import { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { ModuleSpelledDifferently } from './domain/modules.errors.js';
import type { RegistryModule } from './domain/registry-module.js';
import type { ModuleVersion } from './domain/module-version.js';
import { ModuleDocuments } from './module-documents.js';
import { ModuleRecords } from './module-records.js';
import { ModuleSearchEntry } from './module-search-entry.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/** What a publisher may say about the module beside its archive. Absent fields stay as they are. */
export interface ModuleDescription {
  readonly description?: string;
  readonly source?: string;
}

/** Makes sure that a module and the claim on its namespace exist before something is put into it. */
@Injectable()
export class ModuleRegistration {
  constructor(
    private readonly transactions: Transactions,
    private readonly namespaces: Namespaces,
    private readonly modules: ModulesRepository,
    private readonly documents: ModuleDocuments,
    private readonly records: ModuleRecords,
    private readonly search: ModuleSearchEntry,
  ) {}

  /**
   * Creates the module record without a version; finding it there already is success too.
   *
   * @throws ModuleSpelledDifferently, NamespaceNotYours
   */
  create(
    grant: PublishGrant,
    address: ModuleAddress,
    about: ModuleDescription,
  ): Promise<{ module: RegistryModule; isNew: boolean }> {
    return this.within(grant, address, about, async (module, isNew) => {
      if (isNew) await this.documents.rebuild(module.id, address, grant, []);
      else await this.search.refresh(module.id);
      if (isNew || about.description !== undefined) {
        const { description } = module;
        await this.records.moduleChanged(grant, address, module.id, {
          after: { description, is_new: isNew },
        });
      } else this.records.nothingChanged();
      return { module, isNew };
    });
  }

  /** Makes a version that `within` stored visible to clients, and records who published it. */
  async announce(grant: PublishGrant, address: ModuleAddress, stored: ModuleVersion): Promise<void> {
    await this.documents.rebuild(stored.moduleId, address, grant, [stored]);
    await this.records.versionChanged(grant, address, null, stored);
  }

  /**
   * Runs `work` in one transaction with the module row locked; claim and module are made when missing and
   * vanish again when `work` fails. A deleted module comes back empty: its version numbers stay taken. `fence` runs before
   * anything is locked.
   */
  within<T>(
    grant: PublishGrant,
    address: ModuleAddress,
    about: ModuleDescription,
    work: (module: RegistryModule, isNew: boolean) => Promise<T>,
    fence?: () => Promise<void>,
  ): Promise<T> {
    return this.transactions.run(async () => {
      await fence?.();
      await this.namespaces.claim(grant);
      const { isNew, ...module } = await this.modules.lockOrCreate(address, {
        organizationId: grant.organizationId,
        description: about.description ?? null,
        source: about.source ?? null,
        createdBy: grant.actor.userId,
        createdByName: grant.actor.name,
      });
      const stored = ModuleAddress.parse(module);
      if (stored.toString() !== address.toString()) throw new ModuleSpelledDifferently(stored.toString());
      const isBack = module.deletedAt !== null;
      const change = {
        description: about.description ?? module.description,
        source: about.source ?? module.source,
        deletedAt: null,
      };
      await this.modules.update(module.id, change);
      return work({ ...module, ...change }, isNew || isBack);
    });
  }
}
