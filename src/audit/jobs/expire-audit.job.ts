import { Injectable, Logger } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { ExpireAudit } from '../expire-audit.service.js';

/** Removes audit entries that are older than `audit.retention_days`, every hour. */
@Injectable()
export class ExpireAuditJob extends Job {
  readonly name = 'expire-audit';
  private readonly logger = new Logger('Audit');

  constructor(private readonly expiry: ExpireAudit) {
    super();
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    const removed = await this.expiry.run(signal);
    if (removed > 0) this.logger.log({ message: 'Removed audit entries that are too old', removed });
  }
}
