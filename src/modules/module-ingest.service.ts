import { Injectable } from '@nestjs/common';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { Version } from '../kernel/terraform/version.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { ModulePublishing, type ModuleUpload } from './module-publishing.service.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/** Where a module comes from that a mirror fetched. */
export interface PulledModuleOrigin {
  /** Host name of the upstream, in lower case, with a port that is not the usual one. */
  readonly host: string;
  /** Who is named in the record, e.g. `mirror public registry`. */
  readonly actor: { readonly userId: string | null; readonly name: string };
}

/** Records modules that mirrors fetched, by the same path as what is published here. */
@Injectable()
export class ModuleIngest {
  constructor(
    private readonly namespaces: Namespaces,
    private readonly publishing: ModulePublishing,
    private readonly modules: ModulesRepository,
  ) {}

  /** Whether a version is here, or was: then it is never brought again. */
  async isKnown(address: ModuleAddress, version: Version): Promise<boolean> {
    const known = await this.modules.knownVersions(address);
    return known.some((one) => one.version === version.text);
  }

  /** The versions that are here. */
  async heldVersions(address: ModuleAddress): Promise<string[]> {
    const known = await this.modules.knownVersions(address);
    return known.filter(({ state }) => state !== 'deleted').map(({ version }) => version);
  }

  /**
   * Adds a version, whose module is at the root of its archive. `fence` runs first in the transaction and throws when the
   * caller has lost its right to write.
   *
   * @throws NamespaceNotPulled, InvalidModuleArchive, ModuleSpelledDifferently
   * @throws ModuleVersionExists the version is, or was, here
   */
  async ingest(
    { host, actor }: PulledModuleOrigin,
    address: ModuleAddress,
    version: Version,
    upload: ModuleUpload,
    fence: () => Promise<void>,
  ): Promise<void> {
    const grant = await this.namespaces.grantPulled(address.namespace, host, actor);
    await this.publishing.bring(grant, address, version, upload, {
      source: `${host}/${address.toString()}`,
      fence,
    });
  }
}
