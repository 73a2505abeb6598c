import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { AuditLog } from '../../audit/audit-log.service.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import type { ListedApproval, MirrorApproval } from '../domain/mirror-approval.js';
import { MirrorApprovalNotFound, MirrorApprovalReviewed } from '../domain/mirror-decisions.errors.js';
import { providerNames } from '../domain/provider-names.js';
import { parseUpstreamVersion } from '../domain/upstream-version.js';
import { MirrorAccess } from '../configuration/mirror-access.service.js';
import { MirrorReevaluation } from './mirror-reevaluation.service.js';
import { MirrorApprovalsRepository } from '../persistence/mirror-approvals.repository.js';
import { MirrorDecisionsRepository } from '../persistence/mirror-decisions.repository.js';

/** What is asked for. */
export interface ApprovalRequest {
  readonly namespace: string;
  /** Absent: the whole namespace. */
  readonly type?: string | undefined;
  /** Absent: all versions. */
  readonly version?: string | undefined;
  readonly reason?: string | undefined;
}

/** How a request is answered; absent fields of an answer that was given before stay as they are. */
export interface ApprovalAnswer {
  readonly status: 'approved' | 'rejected';
  readonly notes?: string | null | undefined;
  /** Until when an approval counts; `null`: always. A rejection has no end. */
  readonly expiresAt?: Date | null | undefined;
}

/** Requests to mirror something, and the answers of administrators (REST contract, section 21). */
@Injectable()
export class MirrorApprovals {
  constructor(
    private readonly approvals: MirrorApprovalsRepository,
    private readonly mirrors: MirrorAccess,
    private readonly decisions: MirrorDecisionsRepository,
    private readonly reevaluation: MirrorReevaluation,
    private readonly audit: AuditLog,
  ) {}

  /** Requests about mirrors that the caller may see, newest first. Throws `InvalidInput`. */
  async list(
    principal: IdentifiedPrincipal,
    { organizationId, status }: { organizationId?: string | undefined; status?: string | undefined },
  ): Promise<ListedApproval[]> {
    return this.approvals.list(await this.mirrors.visible(principal), {
      ...(organizationId !== undefined && { organizationId: idOf(organizationId, 'organization') }),
      ...(status !== undefined && { status: statusOf(status) }),
    });
  }

  /** The request with this id. Throws {@link MirrorApprovalNotFound} to who may not see it. */
  async get(principal: IdentifiedPrincipal, id: string): Promise<ListedApproval> {
    const owners = await this.mirrors.visible(principal);
    const [approval] = await this.approvals.list(owners, { id: idOf(id, 'approval') });
    if (approval === undefined) throw new MirrorApprovalNotFound();
    return approval;
  }

  /** Asks for an approval. Throws `InvalidInput`, `MirrorNotFound`, `OrganizationScopeMissing`, `MirrorApprovalPending`. */
  async request(
    principal: IdentifiedPrincipal,
    mirrorId: string,
    request: ApprovalRequest,
  ): Promise<ListedApproval> {
    const mirror = await this.mirrors.get(principal, idOf(mirrorId, 'mirror config'), 'mirrors:manage');
    const { namespace, type } = providerNames(request.namespace, request.type);
    const id = await this.reevaluation.decide(async () => {
      const added = await this.approvals.add({
        mirrorId: mirror.id,
        namespace,
        providerType: type,
        upstreamVersion: versionOf(request),
        reason: request.reason || null,
        requestedBy: principal.userId,
        requestedByName: principal.name,
      });
      const after = { ...shownSubject(request), status: 'pending', reason: request.reason || null };
      await this.record(added, mirror.organizationId, { after, metadata: { mirror: mirror.name } });
      return { result: added };
    });
    return this.get(principal, id);
  }

  /**
   * Approves or rejects. The same answer once more changes notes and end, if they are sent. Throws `InvalidInput`,
   * {@link MirrorApprovalNotFound}, {@link MirrorApprovalReviewed}, `OrganizationScopeMissing`.
   */
  async review(principal: IdentifiedPrincipal, id: string, answer: ApprovalAnswer): Promise<ListedApproval> {
    const { mirrorId, organizationId, mirrorName } = await this.get(principal, id);
    await this.mirrors.get(principal, mirrorId, 'admin');
    await this.reevaluation.decide(async () => {
      const before = await this.approvals.lock(id);
      if (before === null) throw new MirrorApprovalNotFound();
      if (before.status !== 'pending' && before.status !== answer.status) {
        throw new MirrorApprovalReviewed(before.status);
      }
      const after = reviewed(before, answer);
      if (isSame(before, after)) {
        this.audit.nothingChanged();
        return { result: undefined };
      }
      await this.assertFuture(after.expiresAt);
      await this.approvals.review(id, {
        ...after,
        reviewedBy: principal.userId,
        reviewedByName: principal.name,
      });
      const metadata = { mirror: mirrorName, ...shownOf(before) };
      await this.record(id, organizationId, {
        before: shownReview(before),
        after: shownReview(after),
        metadata,
      });
      const { namespace, providerType } = before;
      const scope = { mirrorId, namespace, ...(providerType !== null && { type: providerType }) };
      return { result: undefined, scope };
    });
    return this.get(principal, id);
  }

  private async assertFuture(end: Date | null): Promise<void> {
    if (end === null || end > (await this.decisions.now())) return;
    throw new InvalidInput('expires_at must be in the future', {
      fields: { expires_at: 'must be in the future' },
    });
  }

  private async record(
    id: string,
    organizationId: string | null,
    more: Partial<Record<'before' | 'after' | 'metadata', Record<string, unknown>>>,
  ): Promise<void> {
    await this.audit.record({ resource: 'approval', resourceId: id, organizationId, ...more });
  }
}

type Review = Pick<MirrorApproval, 'reviewNotes' | 'expiresAt'> & Pick<ApprovalAnswer, 'status'>;

function reviewed(before: MirrorApproval, { status, notes, expiresAt }: ApprovalAnswer): Review {
  return {
    status,
    reviewNotes: notes === undefined ? before.reviewNotes : notes || null,
    expiresAt: status === 'rejected' ? null : expiresAt === undefined ? before.expiresAt : expiresAt,
  };
}

function isSame(before: MirrorApproval, after: Review): boolean {
  return (
    before.status === after.status &&
    before.reviewNotes === after.reviewNotes &&
    before.expiresAt?.getTime() === after.expiresAt?.getTime()
  );
}

/** Throws `InvalidInput` for what no upstream calls a version, and for one without a provider. */
function versionOf({ type, version }: ApprovalRequest): string | null {
  if (version === undefined || version === '') return null;
  if (type === undefined || type === '') {
    throw new InvalidInput('A version needs a provider_name', {
      fields: { provider_name: 'must be set when version is set' },
    });
  }
  if (parseUpstreamVersion(version) !== undefined) return version;
  throw new InvalidInput('version must be written as the upstream writes it, e.g. 1.2.3', {
    fields: { version: 'must be a version such as 1.2.3' },
  });
}

function idOf(text: string, what: 'organization' | 'approval' | 'mirror config'): string {
  if (!isUuid(text)) throw new InvalidInput(`Invalid ${what} ID`);
  return text.toLowerCase();
}

function statusOf(text: string): string {
  if (['pending', 'approved', 'rejected'].includes(text)) return text;
  throw new InvalidInput("Status must be 'pending', 'approved' or 'rejected'");
}

function shownSubject({ namespace, type, version }: ApprovalRequest): Record<string, unknown> {
  return { provider_namespace: namespace, provider_name: type || null, version: version || null };
}

function shownOf({ namespace, providerType, upstreamVersion }: MirrorApproval): Record<string, unknown> {
  return { provider_namespace: namespace, provider_name: providerType, version: upstreamVersion };
}

function shownReview({
  status,
  reviewNotes,
  expiresAt,
}: Pick<MirrorApproval, 'status' | 'reviewNotes' | 'expiresAt'>): Record<string, unknown> {
  return { status, review_notes: reviewNotes, expires_at: expiresAt?.toISOString() ?? null };
}
