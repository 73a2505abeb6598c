import { Injectable, type OnModuleInit } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { Scheduler } from '../../platform/jobs/scheduler.js';
import { MirrorApprovalExpiry } from '../decisions/mirror-approval-expiry.service.js';

/** Looks for approvals that have expired. */
@Injectable()
export class ExpireMirrorApprovalsJob extends Job implements OnModuleInit {
  readonly name = 'expire-mirror-approvals';

  constructor(
    private readonly expiry: MirrorApprovalExpiry,
    private readonly registry: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly config: MirrorConfig,
  ) {
    super();
  }

  onModuleInit(): void {
    this.registry.register(this);
    this.scheduler.schedule(this.name, this.config.approvalCheckIntervalMs, this);
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    await this.expiry.run(signal);
  }
}
