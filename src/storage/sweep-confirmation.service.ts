import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { ObjectStores } from './object-stores.service.js';
import { StorageEpochsRepository } from './persistence/storage-epochs.repository.js';
import { StorageEpochs } from './storage-epochs.service.js';

/** An operator says that a storage and the database belong together, after a backup was restored. */
@Injectable()
export class SweepConfirmation {
  constructor(
    private readonly stores: ObjectStores,
    private readonly epochs: StorageEpochs,
    private readonly rows: StorageEpochsRepository,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
  ) {}

  /** The sweep goes on in this storage. `false` when nothing held it up. Throws StorageNotConfigured. */
  async confirm(storage: string): Promise<boolean> {
    const unknown = await this.epochs.unknown(await this.stores.of(storage));
    if (unknown.length === 0) return false;
    await this.transactions.run(async () => {
      await this.rows.adopt(storage, unknown);
      await this.audit.record({
        resource: 'storage',
        resourceId: null,
        organizationId: null,
        action: 'storage.sweep_confirmed',
        metadata: { storage, epochs: unknown },
      });
    });
    return true;
  }
}
