import type { ListedApproval } from '../domain/mirror-approval.js';
import type { MirrorApprovalDto } from './mirror-approvals-api.dto.js';

/** `Approval` of REST contract 4; the notes stand under both names that clients know. */
export function presentMirrorApproval(approval: ListedApproval): MirrorApprovalDto {
  const { reviewNotes } = approval;
  const optional = {
    organization_id: approval.organizationId,
    requested_by: approval.requestedBy,
    provider_name: approval.providerType,
    version: approval.upstreamVersion,
    reason: approval.reason,
    reviewed_by: approval.reviewedBy,
    reviewed_at: approval.reviewedAt?.toISOString() ?? null,
    review_notes: reviewNotes,
    reviewer_notes: reviewNotes,
    expires_at: approval.expiresAt?.toISOString() ?? null,
    requested_by_name: approval.requestedByName,
    reviewed_by_name: approval.reviewedByName,
  };
  return {
    id: approval.id,
    mirror_config_id: approval.mirrorId,
    mirror_name: approval.mirrorName,
    provider_namespace: approval.namespace,
    status: approval.status,
    auto_approved: approval.isAutoApproved,
    created_at: approval.createdAt.toISOString(),
    updated_at: approval.updatedAt.toISOString(),
    ...withoutNulls(optional),
  };
}

function withoutNulls(fields: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}
