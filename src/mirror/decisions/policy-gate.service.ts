import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.service.js';
import { MirrorConfig } from '../../config/mirror.config.js';
import { Transactions } from '../../platform/database/transactions.js';
import { MirroringNoLongerAllowed } from '../domain/mirror-decisions.errors.js';
import { MirrorGate, type ProviderGate, type VersionFacts } from '../domain/mirror-gate.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import { MirrorReevaluation } from './mirror-reevaluation.service.js';
import {
  MirrorApprovalsRepository,
  type ApprovalSubject,
} from '../persistence/mirror-approvals.repository.js';
import { ProviderDecisions } from './provider-decisions.service.js';

const REQUESTED_BY_SYNC = 'Requested by sync';

/** The gate that policies and approvals of the database make (REST contract, sections 21 and 22). */
@Injectable()
export class PolicyGate extends MirrorGate {
  constructor(
    private readonly decisions: ProviderDecisions,
    private readonly approvals: MirrorApprovalsRepository,
    private readonly reevaluation: MirrorReevaluation,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
    private readonly config: MirrorConfig,
  ) {
    super();
  }

  of(mirror: Mirror, name: ProviderName): Promise<ProviderGate> {
    return this.decisions.of(mirror, name);
  }

  async request(mirror: Mirror, name: ProviderName, version?: string): Promise<void> {
    const decision = await this.decisions.of(mirror, name);
    const standing = version === undefined ? decision.permission : decision.standingOf(version);
    if (standing.kind !== 'needs-approval' || standing.isRequested) return;
    await this.transactions.run(async () => {
      const subject = subjectOf(mirror, name, version);
      const request = { ...subject, reason: REQUESTED_BY_SYNC, requestedBy: null, requestedByName: null };
      const id = await this.approvals.addUnlessPending(request, this.config.maxPendingRequests);
      if (id !== undefined) await this.record(mirror, id, 'mirror.approval_requested', subject);
    });
  }

  async confirm(
    mirror: Mirror,
    name: ProviderName,
    { version, isAutoApproved }: Pick<VersionFacts, 'version'> & { readonly isAutoApproved: boolean },
  ): Promise<void> {
    await this.reevaluation.holdDecisionsOff();
    const standing = (await this.decisions.of(mirror, name)).standingOf(version);
    if (standing.kind === 'allowed') return;
    if (standing.kind === 'denied' || !isAutoApproved) {
      throw new MirroringNoLongerAllowed(`${name.namespace}/${name.type} ${version}`, standing.reason);
    }
    await this.approveByRules(mirror, name, version);
  }

  private async approveByRules(mirror: Mirror, name: ProviderName, version: string): Promise<void> {
    const subject = subjectOf(mirror, name, version);
    const id = await this.approvals.approveByRules(subject);
    if (id === undefined) return;
    await this.record(mirror, id, 'mirror.auto_approved', subject, { rules: mirror.autoApproval });
    await this.reevaluation.enqueue({
      mirrorId: mirror.id,
      namespace: name.namespace.toLowerCase(),
      type: name.type.toLowerCase(),
    });
  }

  private async record(
    mirror: Mirror,
    id: string,
    action: string,
    subject: ApprovalSubject,
    more: Record<string, unknown> = {},
  ): Promise<void> {
    const { namespace, providerType, upstreamVersion } = subject;
    await this.audit.record({
      resource: 'approval',
      resourceId: id,
      organizationId: mirror.organizationId,
      action,
      metadata: {
        mirror: mirror.name,
        provider_namespace: namespace,
        provider_name: providerType,
        version: upstreamVersion,
        ...more,
      },
    });
  }
}

function subjectOf(mirror: Mirror, { namespace, type }: ProviderName, version?: string): ApprovalSubject {
  return {
    mirrorId: mirror.id,
    namespace: namespace.toLowerCase(),
    providerType: type.toLowerCase(),
    upstreamVersion: version ?? null,
  };
}
