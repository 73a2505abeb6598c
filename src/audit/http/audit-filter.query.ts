import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import type { AuditFilter } from '../domain/audit-filter.js';
import type { AuditFilterDto } from './audit-api.dto.js';

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** The filter that a query describes. Throws `InvalidInput` for a time or id that is none. */
export function readFilter(query: AuditFilterDto): AuditFilter {
  if (query.user_id && !isUuid(query.user_id)) throw new InvalidInput('Invalid user ID');
  return {
    action: query.action || undefined,
    resourceType: query.resource_type || undefined,
    userId: query.user_id?.toLowerCase() || undefined,
    userEmail: query.user_email || undefined,
    from: timeOf('start_date', query.start_date),
    until: timeOf('end_date', query.end_date),
  };
}

/** The id of an entry in a path. Throws `InvalidInput`. */
export function readEntryId(id: string): string {
  if (!isUuid(id)) throw new InvalidInput('Invalid audit log ID');
  return id.toLowerCase();
}

function timeOf(name: string, text: string | undefined): Date | undefined {
  if (!text) return undefined;
  const parts = RFC3339.exec(text);
  const time = new Date(text.replace(/:60(?=[.Zz+-])/, ':59'));
  const daysOfMonth = parts ? new Date(Date.UTC(Number(parts[1]), Number(parts[2]), 0)).getUTCDate() : 0;
  if (!parts || Number.isNaN(time.getTime()) || Number(parts[3]) > daysOfMonth) {
    throw new InvalidInput(`${name} must be an RFC3339 timestamp (e.g. 2006-01-02T15:04:05Z)`);
  }
  return time;
}
