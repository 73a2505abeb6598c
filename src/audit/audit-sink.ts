import type { AuditEntry } from './domain/audit-entry.js';

/** One place besides the database that audit entries are sent to. */
export interface AuditSink {
  /** Stable name; the position of the shipper is stored under it. */
  readonly name: string;
  /** Entries of a batch. */
  readonly batchSize: number;
  /** Time between two looks for new entries. */
  readonly intervalMs: number;
  /**
   * Delivers entries in this order. Resolves when the other side has them, rejects when that is not certain: then
   * they come again.
   */
  send(entries: readonly AuditEntry[], signal: AbortSignal): Promise<void>;
}

/** The sinks of `audit.shippers`, made by the module. */
export class AuditSinks {
  constructor(readonly list: readonly AuditSink[]) {}
}
