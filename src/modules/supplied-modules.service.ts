import { Injectable } from '@nestjs/common';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { Version } from '../kernel/terraform/version.js';
import { isDownloadable } from '../kernel/terraform/version-standing.js';
import { ModuleSupplies } from './module-supplies.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/** The versions of a module in a namespace that is fetched on demand. At least one. */
export interface SuppliedVersions {
  /** Those here that clients may install, by the database: prepared documents may be a moment behind. */
  readonly here: readonly string[];
  /** Those that are fetched when somebody asks for them; what is, or was, here is not among them. */
  readonly more: readonly string[];
}

/** What can be had of modules beside what is here. Whoever asks decides first who may read the namespace. */
@Injectable()
export class SuppliedModules {
  constructor(
    private readonly supplies: ModuleSupplies,
    private readonly modules: ModulesRepository,
  ) {}

  /** `undefined` where nothing is fetched, or there is nothing. Failures of the upstream are thrown when nothing is here. */
  async versions(address: ModuleAddress): Promise<SuppliedVersions | undefined> {
    const supply = this.supplies.of(address.namespace);
    if (supply === undefined) return undefined;
    const known = await this.modules.knownVersions(address);
    const here = known.filter(({ state }) => state === 'active').map(({ version }) => version);
    const numbers = known.map(({ version }) => version);
    const more = await supply.versions(address, numbers);
    return here.length + more.length === 0 ? undefined : { here, more };
  }

  /** The value of `X-Terraform-Get` for a version that has no prepared document yet; `undefined`: it is not to be had. */
  async location(address: ModuleAddress, version: Version): Promise<string | undefined> {
    const supply = this.supplies.of(address.namespace);
    if (supply === undefined) return undefined;
    const known = (await this.modules.knownVersions(address)).find((one) => one.version === version.text);
    // What was deleted or taken back here is never fetched anew.
    const isOffered = known === undefined ? await supply.offers(address, version) : isDownloadable(known);
    return isOffered ? supply.link(address, version) : undefined;
  }
}
