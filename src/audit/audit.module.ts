import { Global, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { AuditGuard } from './audit.guard.js';
import { AuditLog } from './audit-log.service.js';
import { AuditChainEntity } from './persistence/audit-chain.entity.js';
import { AuditChainsRepository } from './persistence/audit-chains.repository.js';
import { AuditCheckpointEntity } from './persistence/audit-checkpoint.entity.js';
import { AuditEntryEntity } from './persistence/audit-entry.entity.js';
import { AuditShipperPositionEntity } from './persistence/audit-shipper-position.entity.js';
import { RecordedDownloadsRepository } from './persistence/recorded-downloads.repository.js';
import { RecordedDownloads } from './recorded-downloads.service.js';
import { RequestRecorder } from './request-recorder.service.js';
import { RouteAuditCheck } from './route-audit-check.js';

/**
 * Writes the audit log, for every feature: `AuditLog.record` inside the transaction of a change. Refuses routes
 * that do not say what they record. Reading, verifying and sending the log is in `AuditDeliveryModule`. Tables:
 * `audit_entries`, `audit_chains`, `audit_checkpoints`, `audit_shipper_positions`. No routes.
 */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    AuditLog,
    AuditChainsRepository,
    RecordedDownloads,
    RecordedDownloadsRepository,
    RequestRecorder,
    RouteAuditCheck,
    { provide: APP_GUARD, useClass: AuditGuard },
  ],
  exports: [AuditLog, RecordedDownloads],
})
export class AuditModule {
  static readonly entities: Function[] = [
    AuditEntryEntity,
    AuditChainEntity,
    AuditCheckpointEntity,
    AuditShipperPositionEntity,
  ];
}
