import { Injectable } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { ShipAudit } from '../ship-audit.service.js';

/** Sends audit entries to the shippers. */
@Injectable()
export class ShipAuditJob extends Job {
  readonly name = 'ship-audit';

  constructor(private readonly shipping: ShipAudit) {
    super();
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    await this.shipping.run(signal);
  }
}
