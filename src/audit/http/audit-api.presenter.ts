import type { Page } from '../../kernel/page.js';
import { presentPagination } from '../../platform/http/pagination.presenter.js';
import type { AuditEntry } from '../domain/audit-entry.js';
import type { AuditEntryDto, AuditLogDto } from './audit-api.dto.js';

/** `AuditEntry` of REST contract 4. */
export function presentEntry(entry: AuditEntry): AuditEntryDto {
  return {
    id: entry.id,
    user_id: entry.userId,
    user_email: entry.userEmail,
    user_name: entry.userName,
    organization_id: entry.organizationId,
    action: entry.action,
    resource_type: entry.resourceType,
    resource_id: entry.resourceId,
    metadata: { ...entry.metadata, actor: { kind: entry.actorKind, id: entry.actorId } },
    ip_address: entry.ipAddress,
    created_at: entry.createdAt.toISOString(),
  };
}

export function presentLog(page: Page<AuditEntry>): AuditLogDto {
  return { logs: page.items.map(presentEntry), pagination: presentPagination(page) };
}

/** Lines of NDJSON, one for each entry. */
export function presentLines(entries: readonly AuditEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(presentEntry(entry))}\n`).join('');
}
