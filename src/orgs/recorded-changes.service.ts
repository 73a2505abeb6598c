import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import type { AuditRecord } from '../audit/domain/audit-record.js';
import { CacheInvalidation, type CacheTopic } from '../platform/cache/cache-invalidation.js';
import { Transactions } from '../platform/database/transactions.js';

/** What belongs to every change of organizations and namespaces: a transaction, a record, and the news of it. */
@Injectable()
export class RecordedChanges {
  constructor(
    private readonly transactions: Transactions,
    private readonly changes: CacheInvalidation,
    private readonly audit: AuditLog,
  ) {}

  /** Runs `work` in a transaction. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.transactions.run(work);
  }

  /** Writes what changed, and makes every process forget what it holds about these topics after the commit. */
  async record(record: AuditRecord, ...topics: readonly CacheTopic[]): Promise<void> {
    for (const topic of topics) this.changes.announce(topic);
    await this.audit.record(record);
  }

  /** The request found everything as it wants it: there is nothing to record. */
  nothingChanged(): void {
    this.audit.nothingChanged();
  }
}
