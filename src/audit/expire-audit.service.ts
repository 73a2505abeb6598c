import { Injectable } from '@nestjs/common';
import { AuditConfig } from '../config/audit.config.js';
import { shipperName } from '../config/audit-shippers.js';
import { Transactions } from '../platform/database/transactions.js';
import { AuditLog } from './audit-log.service.js';
import { ENTRIES_EXPIRED } from './domain/audit-actions.js';
import { PLATFORM_CHAIN } from './domain/audit-entry.js';
import { AuditRemovalRepository } from './persistence/audit-removal.repository.js';

const ENTRIES_PER_TRANSACTION = 5_000;

/**
 * Removes entries older than `audit.retention_days` (threat J8): the beginning of each chain, never something out
 * of its middle, and nothing that a shipper has yet to deliver. The checkpoint that remains, and its copy inside
 * the chain, let the rest be verified.
 */
@Injectable()
export class ExpireAudit {
  constructor(
    private readonly config: AuditConfig,
    private readonly transactions: Transactions,
    private readonly removal: AuditRemovalRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Removes what is too old; answers how many entries that were. */
  async run(signal?: AbortSignal): Promise<number> {
    const { retentionDays } = this.config;
    if (retentionDays === 0) return 0;
    let sum = 0;
    for (const chain of await this.removal.chainsOlderThan(retentionDays)) {
      let count: number;
      do {
        count = await this.shorten(chain, retentionDays);
        sum += count;
      } while (count === ENTRIES_PER_TRANSACTION && !signal?.aborted);
    }
    return sum;
  }

  private shorten(chain: string, days: number): Promise<number> {
    const shippers = this.config.shippers.map(shipperName);
    return this.transactions.run(async () => {
      const removed = await this.removal.removePrefix(chain, days, shippers, ENTRIES_PER_TRANSACTION);
      if (removed === undefined) return 0;
      const organizationId = chain === PLATFORM_CHAIN ? null : chain;
      await this.audit.record({
        resource: organizationId === null ? 'setup' : 'organization',
        resourceId: organizationId,
        organizationId,
        action: ENTRIES_EXPIRED,
        metadata: { removed_up_to: removed.seq, removed_digest: removed.hash, entries: removed.count },
      });
      return removed.count;
    });
  }
}
