import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DomainError } from '../../kernel/errors.js';
import { Job } from '../../platform/jobs/job.js';
import { JobQueue } from '../../platform/jobs/job-queue.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { Scheduler } from '../../platform/jobs/scheduler.js';
import { REANALYZE_MODULES } from '../domain/analysis-jobs.js';
import { ModuleReanalysis } from '../module-reanalysis.service.js';

const EVERY_MS = 10 * 60_000;

/**
 * Analyzes versions that wait for it for some seconds, and asks for the next run while there are more. Runs from time to
 * time by itself, for versions whose first analysis found the storage away.
 */
@Injectable()
export class ReanalyzeModulesJob extends Job implements OnModuleInit {
  readonly name = REANALYZE_MODULES;
  private readonly logger = new Logger('Documentation');

  constructor(
    private readonly reanalysis: ModuleReanalysis,
    private readonly queue: JobQueue,
    private readonly registry: JobRegistry,
    private readonly scheduler: Scheduler,
  ) {
    super();
  }

  onModuleInit(): void {
    this.registry.register(this);
    this.scheduler.schedule(this.name, EVERY_MS, this);
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    try {
      if (!(await this.reanalysis.runSome(signal))) return;
    } catch (error) {
      if (!(error instanceof DomainError && error.kind === 'unavailable')) throw error;
      this.logger.warn(`Modules are analyzed again later: ${error.message}`);
      return;
    }
    await this.queue.enqueue(this.name, {}, { key: this.name, isUnhurried: true });
  }
}
