import { Injectable } from '@nestjs/common';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { Version } from '../kernel/terraform/version.js';
import { isDownloadable, isQuarantined } from '../kernel/terraform/version-standing.js';
import type { ModuleVersion } from './domain/module-version.js';
import { ModuleNotFound, ModuleVersionNotFound, ModuleVersionRefused } from './domain/modules.errors.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/** Finds the version whose content a reader asks for; that the namespace may be read was decided before. */
@Injectable()
export class ReadableModuleVersion {
  constructor(private readonly modules: ModulesRepository) {}

  /**
   * A version whose documentation may be shown: nobody sees the content of a quarantined one.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound, ModuleVersionRefused
   */
  async find(address: ModuleAddress, version: Version): Promise<ModuleVersion> {
    const module = await this.modules.findByAddress(address);
    if (!module) throw new ModuleNotFound();
    const row = await this.modules.findVersion(module.id, version.text);
    if (!row || row.state === 'deleted') throw new ModuleVersionNotFound('Version not found');
    if (isQuarantined(row)) throw new ModuleVersionRefused(row.version, row.stateReason);
    return row;
  }

  /** The same for a version whose archive may be downloaded. */
  async findDownloadable(address: ModuleAddress, version: Version): Promise<ModuleVersion> {
    const row = await this.find(address, version);
    if (!isDownloadable(row)) throw new ModuleVersionRefused(row.version, row.stateReason);
    return row;
  }
}
