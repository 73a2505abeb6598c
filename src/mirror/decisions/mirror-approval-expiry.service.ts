import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.service.js';
import { Transactions } from '../../platform/database/transactions.js';
import { MirrorReevaluation } from './mirror-reevaluation.service.js';
import { MirrorApprovalsRepository, type EndedApproval } from '../persistence/mirror-approvals.repository.js';
import { MirrorDecisionsRepository } from '../persistence/mirror-decisions.repository.js';

const BATCH = 100;

/** What follows when approvals expire, by the clock of the database. */
@Injectable()
export class MirrorApprovalExpiry {
  constructor(
    private readonly transactions: Transactions,
    private readonly approvals: MirrorApprovalsRepository,
    private readonly decisions: MirrorDecisionsRepository,
    private readonly reevaluation: MirrorReevaluation,
    private readonly audit: AuditLog,
  ) {}

  /** Records each approval that ended, once, and has what it allowed evaluated again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.approvals.hasEnded())) {
      await this.transactions.run(async () => {
        await this.decisions.lockDecisions();
        for (const ended of await this.approvals.takeEnded(BATCH)) await this.apply(ended);
      });
    }
  }

  private async apply(ended: EndedApproval): Promise<void> {
    const { id, mirrorId, organizationId, namespace, providerType, upstreamVersion, expiresAt } = ended;
    await this.audit.record({
      resource: 'approval',
      resourceId: id,
      organizationId,
      action: 'mirror.approval_expired',
      metadata: {
        provider_namespace: namespace,
        provider_name: providerType,
        version: upstreamVersion,
        expires_at: expiresAt.toISOString(),
      },
    });
    await this.reevaluation.enqueue({
      mirrorId,
      namespace,
      ...(providerType !== null && { type: providerType }),
    });
  }
}
