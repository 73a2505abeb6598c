import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DocumentationConfig } from '../config/documentation.config.js';
import { Transactions } from '../platform/database/transactions.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import type { ProviderReanalysisSelection } from './domain/provider-reanalysis.js';
import { ProviderReanalysisRepository } from './persistence/provider-reanalysis.repository.js';
import { ProviderDocumentationMaker } from './provider-documentation-maker.service.js';
import { ProviderRecords } from './provider-records.js';

export const REANALYZE_PROVIDERS_JOB = 'reanalyze-providers';

const RUN_MS = 20_000;
const BATCH = 20;

/** Makes the pages of stored versions again, one version after the other with pauses. */
@Injectable()
export class ProviderReanalysis {
  constructor(
    private readonly transactions: Transactions,
    private readonly waiting: ProviderReanalysisRepository,
    private readonly maker: ProviderDocumentationMaker,
    private readonly records: ProviderRecords,
    private readonly queue: JobQueue,
    private readonly config: DocumentationConfig,
  ) {}

  /**
   * Asks for the pages of the selected versions and answers how many; those there are stay until then. The caller has
   * decided that it may be asked for. `organizationId` is the owner of the namespace, `null` for all.
   */
  request(selection: ProviderReanalysisSelection, organizationId: string | null): Promise<number> {
    return this.transactions.run(async () => {
      const queued = await this.waiting.request(selection);
      if (queued === 0) {
        this.records.nothingChanged();
        return 0;
      }
      await this.records.reanalysisRequested(organizationId, { ...selection, queued });
      await this.queue.enqueue(REANALYZE_PROVIDERS_JOB, {}, { key: REANALYZE_PROVIDERS_JOB });
      return queued;
    });
  }

  /** Works on waiting versions for about 20 seconds; answers whether there are more. Fails like the maker of pages. */
  async runSome(signal: AbortSignal): Promise<boolean> {
    const endAt = performance.now() + RUN_MS;
    for (;;) {
      const ids = await this.waiting.waiting(BATCH);
      if (ids.length === 0) return false;
      for (const id of ids) {
        if (signal.aborted || performance.now() > endAt) return true;
        await this.maker.make(id, signal);
        await pause(this.config.reanalysisPauseMs);
      }
    }
  }
}
