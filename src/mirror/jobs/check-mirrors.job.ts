import { Injectable, type OnModuleInit } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { Scheduler } from '../../platform/jobs/scheduler.js';
import { MirrorSchedule } from '../sync/mirror-schedule.service.js';

/** Begins runs of mirrors that are due, and has those taken over that no process works on. */
@Injectable()
export class CheckMirrorsJob extends Job implements OnModuleInit {
  readonly name = 'check-mirrors';

  constructor(
    private readonly schedule: MirrorSchedule,
    private readonly registry: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly config: MirrorConfig,
  ) {
    super();
  }

  onModuleInit(): void {
    this.registry.register(this);
    this.scheduler.schedule(this.name, this.config.checkIntervalMs, this);
  }

  async run(): Promise<void> {
    await this.schedule.check();
  }
}
