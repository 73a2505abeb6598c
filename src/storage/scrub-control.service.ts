import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { StorageScrubConfig } from '../config/storage-scrub.config.js';
import { Transactions } from '../platform/database/transactions.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import { ScrubCyclesRepository } from './persistence/scrub-cycles.repository.js';
import { ScrubDisabled, ScrubRunning, StorageNotInUse } from './scrub.errors.js';
import { StoragesInUse } from './storages-in-use.service.js';

/** The name of the job that scrubs. */
export const SCRUB_JOB = 'scrub-storage';

/** The key of the run that the scheduler plans: who enqueues under it has that run made at once. */
export const NEXT_SCRUB = `tick:${SCRUB_JOB}`;

/** Begins to read everything again when an administrator asks; the job does it. */
@Injectable()
export class ScrubControl {
  constructor(
    private readonly storages: StoragesInUse,
    private readonly cycles: ScrubCyclesRepository,
    private readonly jobs: JobQueue,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
    private readonly config: StorageScrubConfig,
  ) {}

  /**
   * Begins a cycle in one storage or in all, and returns in which; where one is under way it goes on. Throws
   * ScrubDisabled, StorageNotInUse, and ScrubRunning when there is none to begin.
   */
  async start(storage?: string): Promise<string[]> {
    if (!this.config.enabled) throw new ScrubDisabled();
    const names = await this.storages.names();
    if (storage !== undefined && !names.includes(storage)) throw new StorageNotInUse();
    return this.transactions.run(async () => {
      const started: string[] = [];
      for (const name of storage === undefined ? names : [storage]) {
        if (!(await this.isRunning(name))) started.push(name);
      }
      if (started.length === 0) throw new ScrubRunning();
      for (const name of started) {
        await this.cycles.begin(name);
        await this.audit.record({
          resource: 'storage',
          resourceId: null,
          organizationId: null,
          metadata: { storage: name },
          after: { scrub: 'started' },
        });
      }
      await this.jobs.enqueue(SCRUB_JOB, {}, { key: NEXT_SCRUB });
      return started;
    });
  }

  /** Something hinders a cycle that is under way: then it is begun, that is, tried at once. */
  private async isRunning(storage: string): Promise<boolean> {
    const cycle = await this.cycles.find(storage);
    return cycle?.cycleStartedAt != null && cycle.cycleEndedAt === null && cycle.problem === null;
  }
}
