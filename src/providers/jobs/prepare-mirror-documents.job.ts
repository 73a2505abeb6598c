import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { Scheduler } from '../../platform/jobs/scheduler.js';
import { ProviderMirrorPreparation } from '../provider-mirror-preparation.service.js';

const EVERY_MS = 300_000;

/** Prepares documents of the network mirror that are missing. */
@Injectable()
export class PrepareMirrorDocumentsJob extends Job implements OnModuleInit {
  readonly name = 'prepare-mirror-documents';

  constructor(
    private readonly preparation: ProviderMirrorPreparation,
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
    await this.preparation.run(signal);
  }
}
