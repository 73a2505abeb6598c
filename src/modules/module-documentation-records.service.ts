import { Injectable } from '@nestjs/common';
import { DocumentationConfig } from '../config/documentation.config.js';
import { Transactions } from '../platform/database/transactions.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import type { AnalysisOutcome } from './domain/analyzed-module.js';
import { compareVersions } from './domain/compare-versions.js';
import type { VersionComparison } from './domain/version-comparison.js';
import { ANALYZE_MODULE_VERSION } from './domain/analysis-jobs.js';
import { ModuleSearchEntry } from './module-search-entry.js';
import {
  type AnalyzedVersion,
  ModuleDocumentationRepository,
} from './persistence/module-documentation.repository.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/** Writes what is known about versions, and keeps comparisons and search true to it. */
@Injectable()
export class ModuleDocumentationRecords {
  constructor(
    private readonly transactions: Transactions,
    private readonly documentation: ModuleDocumentationRepository,
    private readonly modules: ModulesRepository,
    private readonly search: ModuleSearchEntry,
    private readonly queue: JobQueue,
    private readonly config: DocumentationConfig,
  ) {}

  /** Has a published version analyzed soon, unless that is left for later; in the caller's transaction. */
  async request(versionId: string): Promise<void> {
    if (!this.config.atPublish) return;
    await this.documentation.request(versionId);
    const key = `${ANALYZE_MODULE_VERSION}:${versionId}`;
    const options = { key, isUnhurried: true };
    await this.queue.enqueue(ANALYZE_MODULE_VERSION, { version_id: versionId }, options);
  }

  /**
   * Keeps the outcome of an analysis, compares the version with the one before it and the one after it with this one.
   * Does nothing when the version was deleted or has other bytes meanwhile.
   */
  store(version: AnalyzedVersion, outcome: AnalysisOutcome): Promise<void> {
    return this.transactions.run(async () => {
      await this.modules.lock(version.moduleId);
      const current = await this.documentation.findVersion(version.id);
      if (current?.digest !== version.digest) return;
      await this.documentation.store(version.id, outcome);
      await this.compareWithNeighbors(current);
      await this.search.refresh(version.moduleId);
    });
  }

  /** How two versions differ; `null` when one of them has no documentation. */
  async compare(
    from: Pick<AnalyzedVersion, 'id' | 'version'>,
    to: Pick<AnalyzedVersion, 'id' | 'version'>,
  ): Promise<VersionComparison | null> {
    const before = await this.partsOf(from.id);
    const after = await this.partsOf(to.id);
    if (before === null || after === null) return null;
    return compareVersions({ version: from.version, parts: before }, { version: to.version, parts: after });
  }

  private async compareWithNeighbors(version: AnalyzedVersion): Promise<void> {
    const below = await this.documentation.neighbor(version.moduleId, version.sortKey, 'below');
    if (below) await this.documentation.storeComparison(version.id, await this.compare(below, version));
    const above = await this.documentation.neighbor(version.moduleId, version.sortKey, 'above');
    if (above) await this.documentation.storeComparison(above.id, await this.compare(version, above));
  }

  private async partsOf(versionId: string) {
    const known = await this.documentation.find(versionId);
    if (known?.status !== 'ready') return null;
    return (await this.documentation.parts(versionId)).map(({ part }) => part);
  }
}
