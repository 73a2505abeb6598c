import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.service.js';
import { MirrorConfig } from '../../config/mirror.config.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { Mirrors } from '../configuration/mirrors.service.js';
import { MirrorSyncLeasesRepository } from '../persistence/mirror-sync-leases.repository.js';
import { MirrorSyncsRepository } from '../persistence/mirror-syncs.repository.js';
import type { SyncWork } from './sync-work.js';

/** Ends runs: status, report, when the next one is due, and how long the history is. */
@Injectable()
export class MirrorSyncEnd {
  constructor(
    private readonly leases: MirrorSyncLeasesRepository,
    private readonly syncs: MirrorSyncsRepository,
    private readonly mirrors: Mirrors,
    private readonly audit: AuditLog,
    private readonly metrics: Metrics,
    private readonly config: MirrorConfig,
  ) {}

  /** Throws `SyncLeaseLost` when another process has the run. */
  async finish({ facts }: SyncWork, status: 'success' | 'failed' | 'cancelled'): Promise<void> {
    const { lease, mirror, report, sync } = facts;
    const { providersFailed, providersSynced } = report;
    const errorMessage = report.errorMessage ?? null;
    const details = report.toDetails();
    const seconds = await lease.write(async () => {
      const end = { status, errorMessage, providersSynced, providersFailed, details };
      const took = await this.leases.finish(lease.token, end);
      const isRestricted = sync.namespace !== null || sync.providerType !== null;
      await this.mirrors.finished(mirror, { status, error: errorMessage, isRestricted });
      await this.syncs.prune(mirror.id, this.config.history);
      await this.audit.record({
        resource: 'mirror',
        resourceId: mirror.id,
        organizationId: mirror.organizationId,
        action: 'mirror.sync_ended',
        metadata: {
          ...{ sync_id: sync.id, status, error: errorMessage },
          packages_stored: details.packagesStored,
          bytes_stored: details.bytesStored,
          failures: details.failureCount,
        },
      });
      return took;
    });
    this.metrics.observeMirrorSync(mirror.id, 'provider', seconds, status === 'failed');
  }
}
