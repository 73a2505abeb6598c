import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import { Version } from '../kernel/terraform/version.js';
import { isShown } from '../kernel/terraform/version-standing.js';
import { OrgAccess } from '../orgs/org-access.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { DownloadTotals } from '../usage/download-totals.service.js';
import type { ModulePart } from './domain/module-analysis.js';
import type { ModuleVersionSummary } from './domain/module-version.js';
import { ModuleNotFound, ModuleVersionNotFound } from './domain/modules.errors.js';
import type { RegistryModule } from './domain/registry-module.js';
import { ModuleDocumentation } from './module-documentation.service.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/** A module at one of its versions, with everything that is known about it. */
export interface RegistryModuleDetail {
  readonly module: RegistryModule;
  readonly organizationName: string;
  readonly version: ModuleVersionSummary;
  /** Of all versions. */
  readonly downloads: number;
  /** Whether a pipeline published the latest version, without a stored secret; as in lists. */
  readonly isVerified: boolean;
  /** What the analysis found; the root module comes first. Only a bare root while there is none. */
  readonly parts: readonly ModulePart[];
  /** Systems for which a module of this name has an active version. */
  readonly systems: readonly string[];
  /** Active versions, newest first by precedence. */
  readonly versions: readonly string[];
}

/** Details of modules in the form of the public registry API (protocol document, section 5). */
@Injectable()
export class ModuleRegistryDetails {
  constructor(
    private readonly modules: ModulesRepository,
    private readonly documentation: ModuleDocumentation,
    private readonly organizations: Organizations,
    private readonly downloads: DownloadTotals,
    private readonly access: OrgAccess,
  ) {}

  /**
   * One version, the latest unless `version` is given. A quarantined one is absent for those who may not write here.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound
   */
  async find(
    principal: Principal,
    address: ModuleAddress,
    version: Version | 'latest',
  ): Promise<RegistryModuleDetail> {
    const module = await this.getModule(address);
    const all = await this.modules.listVersionSummaries(module.id);
    const chosen = version === 'latest' ? latestOf(all) : this.visible(principal, module, all, version);
    if (!chosen) throw new ModuleVersionNotFound();
    const [organizationName, totals, systems, parts] = await Promise.all([
      this.organizations.nameOf(module.organizationId),
      this.downloads.totals(all.map(({ id }) => id)),
      this.modules.listSystems(address),
      this.partsOf(chosen),
    ]);
    return {
      module,
      organizationName,
      version: chosen,
      downloads: [...totals.values()].reduce((sum, count) => sum + count, 0),
      isVerified: latestOf(all)?.publishedFrom != null,
      parts,
      systems,
      versions: all.filter(({ state }) => state === 'active').map((one) => one.version),
    };
  }

  /**
   * The version that people mean by "latest".
   *
   * @throws ModuleNotFound, ModuleVersionNotFound when nothing is active
   */
  async latest(address: ModuleAddress): Promise<string> {
    const module = await this.getModule(address);
    const latest = latestOf(await this.modules.listVersionSummaries(module.id));
    if (!latest) throw new ModuleVersionNotFound();
    return latest.version;
  }

  private async getModule(address: ModuleAddress): Promise<RegistryModule> {
    const module = await this.modules.findByAddress(address);
    if (!module) throw new ModuleNotFound();
    return module;
  }

  private visible(
    principal: Principal,
    { namespace, organizationId }: RegistryModule,
    all: readonly ModuleVersionSummary[],
    { text }: Version,
  ): ModuleVersionSummary | undefined {
    const found = all.find(({ version }) => version === text);
    const mayWrite = this.access.mayActInNamespace(principal, namespace, organizationId, 'modules:write');
    return found && isShown(found, { mayWrite }) ? found : undefined;
  }

  private async partsOf({ id, moduleId, version }: ModuleVersionSummary): Promise<readonly ModulePart[]> {
    const documented = await this.documentation.parts(id);
    if (documented.length > 0) return documented.map(({ part }) => part);
    const row = await this.modules.findVersion(moduleId, version);
    return [{ ...BARE_ROOT, readme: row?.readme ?? '' }];
  }
}

const BARE_ROOT: ModulePart = {
  path: '',
  kind: 'root',
  readme: '',
  empty: false,
  requiredVersion: '',
  inputs: [],
  outputs: [],
  providers: [],
  resources: [],
  calls: [],
};

function latestOf(versions: readonly ModuleVersionSummary[]): ModuleVersionSummary | undefined {
  const active = versions.filter(({ state }) => state === 'active');
  const candidates = active.map((row) => ({
    version: row.version,
    deprecated: row.deprecatedAt !== null,
    row,
  }));
  return Version.latest(candidates)?.row;
}
