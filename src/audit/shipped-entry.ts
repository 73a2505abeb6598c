import type { AuditEntry } from './domain/audit-entry.js';

/** An entry as shippers send it: one line of JSON, with its place in the chain so that a receiver can verify it. */
export function shippedLine(entry: AuditEntry): string {
  return JSON.stringify({
    id: entry.id,
    created_at: entry.createdAt.toISOString(),
    action: entry.action,
    user_id: entry.userId,
    user_email: entry.userEmail,
    user_name: entry.userName,
    actor: { kind: entry.actorKind, id: entry.actorId },
    organization_id: entry.organizationId,
    resource_type: entry.resourceType,
    resource_id: entry.resourceId,
    ip_address: entry.ipAddress,
    metadata: entry.metadata,
    chain: entry.chain,
    chain_seq: entry.chainSeq,
    previous_hash: entry.previousHash,
    hash: entry.hash,
    details_salt: entry.detailsSalt,
    details_digest: entry.detailsDigest,
  });
}
