import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import type { MigrationState, StorageMigration } from './domain/storage-migration.js';

/** What the audit log hears of migrations: every change of state, in the transaction that makes it. */
@Injectable()
export class StorageMigrationRecords {
  constructor(private readonly audit: AuditLog) {}

  /** Records in the surrounding transaction that a migration has another state; `null` before: it is new. */
  async record(
    { id, source, target }: StorageMigration,
    before: MigrationState | null,
    after: MigrationState,
  ): Promise<void> {
    await this.audit.record({
      resource: 'storage',
      resourceId: id,
      organizationId: null,
      ...(before !== null && { before: { state: before } }),
      after: { state: after },
      metadata: { source, target },
    });
  }

  /** The request changes nothing. */
  nothingChanged(): void {
    this.audit.nothingChanged();
  }
}
