import { Module, type OnModuleInit } from '@nestjs/common';
import type { AuditShipper } from '../config/audit-shipper.js';
import { AuditConfig } from '../config/audit.config.js';
import { JobRegistry } from '../platform/jobs/job-registry.js';
import { Scheduler } from '../platform/jobs/scheduler.js';
import { OutboundHttp } from '../platform/outbound-http/outbound-http.js';
import { FileSink } from './adapters/file.sink.js';
import { SyslogDatagramSink } from './adapters/syslog-datagram.sink.js';
import { SyslogStreamSink } from './adapters/syslog-stream.sink.js';
import { WebhookSink } from './adapters/webhook.sink.js';
import { type AuditSink, AuditSinks } from './audit-sink.js';
import { AuditTrail } from './audit-trail.service.js';
import { EraseFromAudit } from './erase-from-audit.service.js';
import { ExpireAudit } from './expire-audit.service.js';
import { AuditApiController } from './http/audit-api.controller.js';
import { ExpireAuditJob } from './jobs/expire-audit.job.js';
import { ShipAuditJob } from './jobs/ship-audit.job.js';
import { AuditEntriesRepository } from './persistence/audit-entries.repository.js';
import { AuditRemovalRepository } from './persistence/audit-removal.repository.js';
import { AuditShipmentsRepository } from './persistence/audit-shipments.repository.js';
import { AuditVerificationRepository } from './persistence/audit-verification.repository.js';
import { ShipAudit } from './ship-audit.service.js';
import { VerifyAudit } from './verify-audit.service.js';

const HOUR_MS = 3_600_000;

/**
 * What happens with the audit log after it is written: people read and export it, commands verify it, jobs send
 * it to other places and remove what is too old. Routes: `/api/v1/admin/audit-logs…`. Needs `AuditModule`.
 */
@Module({
  controllers: [AuditApiController],
  providers: [
    AuditEntriesRepository,
    AuditRemovalRepository,
    AuditShipmentsRepository,
    AuditTrail,
    AuditVerificationRepository,
    EraseFromAudit,
    ExpireAudit,
    ExpireAuditJob,
    ShipAudit,
    ShipAuditJob,
    VerifyAudit,
    {
      provide: AuditSinks,
      useFactory: ({ shippers }: AuditConfig, http: OutboundHttp) =>
        new AuditSinks(shippers.map((shipper) => sinkOf(shipper, http))),
      inject: [AuditConfig, OutboundHttp],
    },
  ],
})
export class AuditDeliveryModule implements OnModuleInit {
  constructor(
    private readonly config: AuditConfig,
    private readonly jobs: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly expiry: ExpireAuditJob,
    private readonly shipping: ShipAuditJob,
    private readonly ship: ShipAudit,
  ) {}

  onModuleInit(): void {
    this.jobs.register(this.expiry);
    this.jobs.register(this.shipping);
    if (this.config.retentionDays > 0) this.scheduler.schedule(this.expiry.name, HOUR_MS, this.expiry);
    const { intervalMs } = this.ship;
    if (intervalMs !== undefined) this.scheduler.schedule(this.shipping.name, intervalMs, this.shipping);
  }
}

function sinkOf(shipper: AuditShipper, http: OutboundHttp): AuditSink {
  switch (shipper.type) {
    case 'syslog':
      return shipper.network === 'udp' ? new SyslogDatagramSink(shipper) : new SyslogStreamSink(shipper);
    case 'webhook':
      return new WebhookSink(shipper, http);
    case 'file':
      return new FileSink(shipper);
  }
}
