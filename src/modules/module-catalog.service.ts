import { Injectable } from '@nestjs/common';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import { Version } from '../kernel/terraform/version.js';
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
  ) {}

  /**
   * Every version a reader may see, newest first by precedence, with READMEs.
   *
   * @throws ModuleNotFound
   */
  async versions(address: ModuleAddress): Promise<readonly CountedModuleVersion<ModuleVersion>[]> {
    const module = await this.getModule(address);
    return this.counted((await this.modules.listVersions(module.id)).filter(isListed));
  }

  /**
   * A module with its versions and download numbers.
   *
   * @throws ModuleNotFound
   */
  async detail(address: ModuleAddress): Promise<ModuleDetail> {
    const module = await this.getModule(address);
    const versions = await this.counted(
      (await this.modules.listVersionSummaries(module.id)).filter(isListed),
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

function isListed(version: ModuleVersionSummary): boolean {
  return version.state === 'active' || version.state === 'withdrawn';
}

function latest(versions: readonly ModuleVersionSummary[]): string {
  const candidates = versions
    .filter((version) => version.state === 'active')
    .map((version) => ({ version: version.version, deprecated: version.deprecatedAt !== null }));
  return Version.latest(candidates)?.version ?? '';
}
