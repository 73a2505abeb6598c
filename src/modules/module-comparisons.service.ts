import { Injectable } from '@nestjs/common';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { Version } from '../kernel/terraform/version.js';
import { ModuleVersionNotAnalyzed } from './domain/modules.errors.js';
import type { VersionComparison } from './domain/version-comparison.js';
import { ModuleDocumentationRecords } from './module-documentation-records.service.js';
import { ModuleDocumentation } from './module-documentation.service.js';
import { ReadableModuleVersion } from './readable-module-version.service.js';

/** Compares any two versions of a module on demand (REST contract 30.6). */
@Injectable()
export class ModuleComparisons {
  constructor(
    private readonly versions: ReadableModuleVersion,
    private readonly documentation: ModuleDocumentation,
    private readonly records: ModuleDocumentationRecords,
  ) {}

  /**
   * What changes for somebody who goes from one version to another.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound, ModuleVersionRefused, ModuleVersionNotAnalyzed
   */
  async compare(address: ModuleAddress, from: Version, to: Version): Promise<VersionComparison> {
    const before = await this.versions.find(address, from);
    const after = await this.versions.find(address, to);
    for (const { id, version } of [before, after]) {
      const known = await this.documentation.find(id);
      if (known?.status !== 'ready') throw new ModuleVersionNotAnalyzed(version);
    }
    const comparison = await this.records.compare(before, after);
    if (comparison === null) throw new ModuleVersionNotAnalyzed(after.version);
    return comparison;
  }
}
