import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { SYNC_MIRROR, type SyncJobPayload } from '../domain/mirror-sync.js';
import { MirrorSyncJobs } from '../sync/mirror-sync-jobs.service.js';
import { MirrorSyncRunner } from '../sync/mirror-sync-runner.service.js';

/** Works on a run of a mirror for a while, and asks for the next job as long as it has not ended. */
@Injectable()
export class SyncMirrorJob extends Job<SyncJobPayload> implements OnModuleInit {
  readonly name = SYNC_MIRROR;

  constructor(
    private readonly runner: MirrorSyncRunner,
    private readonly jobs: MirrorSyncJobs,
    private readonly registry: JobRegistry,
  ) {
    super();
  }

  onModuleInit(): void {
    this.registry.register(this);
  }

  async run(payload: SyncJobPayload, signal: AbortSignal): Promise<void> {
    const result = await this.runner.run(payload, signal);
    if (result !== 'ended') await this.jobs.enqueue(payload, result.afterMs);
  }
}
