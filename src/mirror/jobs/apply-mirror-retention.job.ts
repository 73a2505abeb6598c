import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { Scheduler } from '../../platform/jobs/scheduler.js';
import { MirrorRetention } from '../retention/mirror-retention.service.js';

/** Removes the versions that mirrors do not keep, every `mirror.retention_interval`. */
@Injectable()
export class ApplyMirrorRetentionJob extends Job implements OnModuleInit {
  readonly name = 'apply-mirror-retention';
  private readonly logger = new Logger('Mirrors');

  constructor(
    private readonly retention: MirrorRetention,
    private readonly config: MirrorConfig,
    private readonly jobs: JobRegistry,
    private readonly scheduler: Scheduler,
  ) {
    super();
  }

  onModuleInit(): void {
    this.jobs.register(this);
    this.scheduler.schedule(this.name, this.config.retentionIntervalMs, this);
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    const removed = await this.retention.run(signal);
    if (removed.versions > 0)
      this.logger.log({ message: 'Removed versions that no mirror keeps', ...removed });
  }
}
