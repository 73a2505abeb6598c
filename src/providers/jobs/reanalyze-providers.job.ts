import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { JobQueue } from '../../platform/jobs/job-queue.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { ProviderReanalysis, REANALYZE_PROVIDERS_JOB } from '../provider-reanalysis.service.js';

/** Makes pages of versions that wait for it for some seconds, and asks for the next run while there are more. */
@Injectable()
export class ReanalyzeProvidersJob extends Job implements OnModuleInit {
  readonly name = REANALYZE_PROVIDERS_JOB;

  constructor(
    private readonly reanalysis: ProviderReanalysis,
    private readonly queue: JobQueue,
    private readonly registry: JobRegistry,
  ) {
    super();
  }

  onModuleInit(): void {
    this.registry.register(this);
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    const isMore = await this.reanalysis.runSome(signal);
    if (isMore) await this.queue.enqueue(this.name, {}, { key: this.name });
  }
}
