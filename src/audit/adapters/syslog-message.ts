import { hostname } from 'node:os';
import type { SyslogShipper } from '../../config/audit-shipper.js';
import type { AuditEntry } from '../domain/audit-entry.js';
import { shippedLine } from '../shipped-entry.js';

const SEVERITY_NOTICE = 5;
const HOST =
  hostname()
    .replaceAll(/[^\x21-\x7e]/g, '-')
    .slice(0, 255) || '-';

/** One message of RFC 5424 without structured data; the text is one line of JSON. */
export function syslogMessage(entry: AuditEntry, { tag, facility }: SyslogShipper): string {
  const priority = facility * 8 + SEVERITY_NOTICE;
  const kind = entry.resourceType?.replaceAll(/[^\x21-\x7e]/g, '-').slice(0, 32) || '-';
  return `<${priority}>1 ${entry.createdAt.toISOString()} ${HOST} ${tag} ${process.pid} ${kind} - ${shippedLine(entry)}`;
}
