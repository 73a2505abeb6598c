import { Injectable } from '@nestjs/common';
import { organizationsWith } from '../access/authority.js';
import type { Principal } from '../access/principal.js';
import type { Page, PageRequest } from '../kernel/page.js';
import { AuditEntryNotFound } from './domain/audit.errors.js';
import type { AuditEntry } from './domain/audit-entry.js';
import type { AuditFilter, AuditVisibility } from './domain/audit-filter.js';
import { AuditEntriesRepository } from './persistence/audit-entries.repository.js';

const ROWS_PER_READ = 500;

/**
 * The audit log as its readers see it (REST contract 28): the entries of organizations where they hold
 * `audit:read`; those of no organization for platform administrators.
 */
@Injectable()
export class AuditTrail {
  constructor(private readonly entries: AuditEntriesRepository) {}

  /** One page, newest first. */
  list(principal: Principal, filter: AuditFilter, request: PageRequest): Promise<Page<AuditEntry>> {
    return this.entries.page(filter, visibleTo(principal), request);
  }

  /** Throws {@link AuditEntryNotFound}. */
  async get(principal: Principal, id: string): Promise<AuditEntry> {
    const entry = await this.entries.findVisible(id, visibleTo(principal));
    if (entry === null) throw new AuditEntryNotFound();
    return entry;
  }

  /** All entries up to now, oldest first, in groups that are read one after the other as they are taken. */
  async *export(principal: Principal, filter: AuditFilter): AsyncGenerator<readonly AuditEntry[], void> {
    const visible = visibleTo(principal);
    const now = await this.entries.now();
    const until = filter.until === undefined || filter.until > now ? now : filter.until;
    let last: AuditEntry | undefined;
    for (;;) {
      const rows = await this.entries.following({ ...filter, until }, visible, last, ROWS_PER_READ);
      if (rows.length > 0) yield rows;
      if (rows.length < ROWS_PER_READ) return;
      last = rows.at(-1);
    }
  }
}

/** A token that is confined to namespaces sees none: the log is about whole organizations. */
function visibleTo(principal: Principal): AuditVisibility {
  if (principal.kind === 'anonymous') return [];
  if (principal.kind === 'api-key' && principal.namespaces !== null) return [];
  return organizationsWith(principal.authority, 'audit:read');
}
