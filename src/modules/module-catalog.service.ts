import { Injectable } from '@nestjs/common';
import { ANONYMOUS, type Principal } from '../access/principal.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import { Version } from '../kernel/terraform/version.js';
import { isQuarantined, isShown } from '../kernel/terraform/version-standing.js';
import { OrgAccess } from '../orgs/org-access.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { DownloadTotals } from '../usage/download-totals.service.js';
import type { ModuleVersion, ModuleVersionSummary } from './domain/module-version.js';
import { ModuleNotFound, ModuleVersionNotFound, ModuleVersionRefused } from './domain/modules.errors.js';
import type { RegistryModule } from './domain/registry-module.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/** A version with the number of its downloads. */
export type CountedModuleVersion<V extends ModuleVersionSummary = ModuleVersionSummary> = V & {
  readonly downloads: number;
};

export interface ModuleDetail {
  readonly module: RegistryModule;
  readonly organizationName: string;
  /** `""` when nothing is published. */
  readonly latestVersion: string;
  readonly downloads: number;
  readonly versions: readonly CountedModuleVersion[];
}

/** Answers what is published: version lists, details, and why a download is refused. */
@Injectable()
export class ModuleCatalog {
  constructor(
    private readonly modules: ModulesRepository,
    private readonly organizations: Organizations,
    private readonly downloads: DownloadTotals,
    private readonly access: OrgAccess,
  ) {}

  /**
   * Every version that `reader` may see, newest first by precedence, with READMEs: withdrawn ones are for everybody,
   * quarantined ones for those who may write. `isOptional`: a module that is not here has none.
   *
   * @throws ModuleNotFound
   */
  async versions(
    address: ModuleAddress,
    reader: Principal = ANONYMOUS,
    { isOptional = false } = {},
  ): Promise<readonly CountedModuleVersion<ModuleVersion>[]> {
    const module = await this.modules.findByAddress(address);
    if (!module && isOptional) return [];
    if (!module) throw new ModuleNotFound();
    const rights = this.rightsOf(reader, module);
    return this.counted((await this.modules.listVersions(module.id)).filter((one) => isShown(one, rights)));
  }

  /**
   * A module with the versions that `reader` may see and download numbers.
   *
   * @throws ModuleNotFound
   */
  async detail(address: ModuleAddress, reader: Principal = ANONYMOUS): Promise<ModuleDetail> {
    const module = await this.getModule(address);
    const rights = this.rightsOf(reader, module);
    const versions = await this.counted(
      (await this.modules.listVersionSummaries(module.id)).filter((one) => isShown(one, rights)),
    );
    return {
      module,
      organizationName: await this.organizations.nameOf(module.organizationId),
      latestVersion: latest(versions),
      downloads: versions.reduce((sum, version) => sum + version.downloads, 0),
      versions,
    };
  }

  /**
   * Says why a version has no download document.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound, ModuleVersionRefused always one of them
   */
  async explainMissingDownload(address: ModuleAddress, version: Version): Promise<never> {
    const module = await this.getModule(address);
    const row = await this.modules.findVersion(module.id, version.text);
    if (!row || row.state === 'deleted') throw new ModuleVersionNotFound();
    throw new ModuleVersionRefused(row.version, row.stateReason);
  }

  /**
   * The id under which downloads of a version are recorded; a deleted version has one while it is quarantined.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound
   */
  async idForAudit(address: ModuleAddress, version: Version): Promise<string> {
    const module = await this.modules.findByAddress(address, { withDeleted: true });
    const row = module && (await this.modules.findVersion(module.id, version.text));
    if (row && (row.state !== 'deleted' || isQuarantined(row))) return row.id;
    if (!module || module.deletedAt !== null) throw new ModuleNotFound();
    throw new ModuleVersionNotFound('Version not found');
  }

  private rightsOf(reader: Principal, { namespace, organizationId }: RegistryModule): { mayWrite: boolean } {
    return {
      mayWrite: this.access.mayActInNamespace(reader, namespace, organizationId, 'modules:write'),
    };
  }

  private async getModule(address: ModuleAddress): Promise<RegistryModule> {
    const module = await this.modules.findByAddress(address);
    if (!module) throw new ModuleNotFound();
    return module;
  }

  private async counted<V extends ModuleVersionSummary>(
    versions: readonly V[],
  ): Promise<CountedModuleVersion<V>[]> {
    const totals = await this.downloads.totals(versions.map((version) => version.id));
    return versions.map((version) => ({ ...version, downloads: totals.get(version.id) ?? 0 }));
  }
}

function latest(versions: readonly ModuleVersionSummary[]): string {
  const candidates = versions
    .filter((version) => version.state === 'active')
    .map((version) => ({ version: version.version, deprecated: version.deprecatedAt !== null }));
  return Version.latest(candidates)?.version ?? '';
}
