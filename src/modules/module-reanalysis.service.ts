import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DocumentationConfig } from '../config/documentation.config.js';
import { OrgAccess } from '../orgs/org-access.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import { AnalyzeModuleVersion } from './analyze-module-version.service.js';
import { REANALYZE_MODULES } from './domain/analysis-jobs.js';
import type { ReanalysisProgress, ReanalysisSelection } from './domain/reanalysis.js';
import { ModuleRecords } from './module-records.js';
import { ModuleReanalysisRepository } from './persistence/module-reanalysis.repository.js';

const RUN_MS = 20_000;
const BATCH = 20;

/** Analyzes stored versions again, one after the other with pauses, so that nothing else has to wait. */
@Injectable()
export class ModuleReanalysis {
  constructor(
    private readonly transactions: Transactions,
    private readonly waiting: ModuleReanalysisRepository,
    private readonly analysis: AnalyzeModuleVersion,
    private readonly records: ModuleRecords,
    private readonly queue: JobQueue,
    private readonly config: DocumentationConfig,
  ) {}

  /**
   * Asks for the analysis of the selected versions and answers how many; what is known of them stays until then. The
   * caller has decided that it may be asked for. `organizationId` is the owner of the namespace, `null` for all.
   */
  request(selection: ReanalysisSelection, organizationId: string | null): Promise<number> {
    return this.transactions.run(async () => {
      const queued = await this.waiting.request(selection);
      if (queued === 0) {
        this.records.nothingChanged();
        return 0;
      }
      await this.records.reanalysisRequested(organizationId, { ...selection, queued });
      await this.queue.enqueue(REANALYZE_MODULES, {}, { key: REANALYZE_MODULES, isUnhurried: true });
      return queued;
    });
  }

  /** How far the versions of the organizations are in which somebody may write. */
  progress(organizations: ReturnType<OrgAccess['visibleOrganizations']>): Promise<ReanalysisProgress> {
    return this.waiting.progress(organizations);
  }

  /** Analyzes waiting versions for about 20 seconds; answers whether there are more. Throws like `AnalyzeModuleVersion.run`. */
  async runSome(signal: AbortSignal): Promise<boolean> {
    const endAt = performance.now() + RUN_MS;
    for (;;) {
      const ids = await this.waiting.waiting(BATCH);
      if (ids.length === 0) return false;
      for (const id of ids) {
        if (signal.aborted || performance.now() > endAt) return true;
        await this.analysis.run(id);
        await pause(this.config.reanalysisPauseMs);
      }
    }
  }
}
