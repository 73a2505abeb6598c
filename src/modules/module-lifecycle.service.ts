import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { Version } from '../kernel/terraform/version.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { ModuleDocuments } from './module-documents.js';
import { ModuleRecords } from './module-records.js';
import { ModuleVersionChange } from './module-version-change.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/** What people are told who use a deprecated version. */
export interface ModuleDeprecation {
  readonly message: string | null;
  /** What to use instead. */
  readonly replacement: ModuleAddress | null;
}

/**
 * Deprecates and deletes what was published. A deletion turns rows into tombstones in one transaction; the objects
 * are removed later by the sweep, once nothing refers to them. `ModuleStanding` withdraws and quarantines.
 */
@Injectable()
export class ModuleLifecycle {
  constructor(
    private readonly changes: ModuleVersionChange,
    private readonly modules: ModulesRepository,
    private readonly documents: ModuleDocuments,
    private readonly clock: Clock,
    private readonly records: ModuleRecords,
  ) {}

  /**
   * Marks a version deprecated, or changes what the mark says.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound
   */
  async deprecate(
    grant: PublishGrant,
    address: ModuleAddress,
    version: Version,
    { message, replacement }: ModuleDeprecation,
  ): Promise<void> {
    await this.changes.run({ grant, address, version }, (row) =>
      this.modules.markDeprecated(row.id, {
        deprecatedAt: row.deprecatedAt ?? this.clock.now(),
        deprecationMessage: message,
        replacement: replacement && replacement.toString(),
      }),
    );
  }

  /**
   * Takes the deprecation mark away; a version without one stays as it is.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound
   */
  async undeprecate(grant: PublishGrant, address: ModuleAddress, version: Version): Promise<void> {
    await this.changes.run({ grant, address, version }, (row) =>
      this.modules.markDeprecated(row.id, {
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
   * @throws ModuleNotFound, ModuleVersionNotFound
   */
  async deleteVersion(grant: PublishGrant, address: ModuleAddress, version: Version): Promise<void> {
    await this.changes.run({ grant, address, version }, (row) =>
      this.modules.buryVersions([row.id], this.clock.now(), grant.actor.name),
    );
  }

  /**
   * Deletes a module with all its versions; the claim on the namespace stays.
   *
   * @throws ModuleNotFound
   */
  deleteModule(grant: PublishGrant, address: ModuleAddress): Promise<void> {
    return this.changes.locked(address, false, async (module) => {
      const versions = await this.modules.listVersionSummaries(module.id);
      const now = this.clock.now();
      await this.modules.buryVersions(
        versions.map((version) => version.id),
        now,
        grant.actor.name,
      );
      await this.modules.update(module.id, { deletedAt: now });
      await this.documents.removeAll(address, versions);
      await this.records.moduleChanged(grant, address, module.id, {
        versions: versions.map(({ version }) => version),
      });
    });
  }
}
