import { Injectable, Logger } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import type { MigrationState, StorageMigration } from './domain/storage-migration.js';
import { StorageMigrationLeasesRepository } from './persistence/storage-migration-leases.repository.js';
import { StorageMigrationRecords } from './storage-migration-records.service.js';
import { LeaseLost, type MigrationWork, type RunResult } from './storage-migration-work.js';

/** The changes of state that the worker makes. */
@Injectable()
export class StorageMigrationStates {
  private readonly logger = new Logger('Storage');

  constructor(
    private readonly transactions: Transactions,
    private readonly leases: StorageMigrationLeasesRepository,
    private readonly records: StorageMigrationRecords,
  ) {}

  /** Takes the lease of a migration that waits for a worker; one that is planned runs from now on. */
  async take(holder: string, leaseMs: number): Promise<StorageMigration | undefined> {
    return this.transactions.run(async () => {
      const migration = await this.leases.take(holder, leaseMs);
      if (migration?.state !== 'planned') return migration;
      await this.leases.begin({ migrationId: migration.id, token: migration.leaseToken });
      await this.records.record(migration, 'planned', 'running');
      this.logger.log({ message: 'A storage migration begins', migration: migration.id });
      return { ...migration, state: 'running' as const };
    });
  }

  /** Ends the work with its result. Throws LeaseLost. */
  async finish(
    { migration, lease }: Pick<MigrationWork, 'migration' | 'lease'>,
    state: Extract<MigrationState, 'completed' | 'failed'>,
    error: string | null,
  ): Promise<RunResult> {
    await this.transactions.run(async () => {
      if (!(await this.leases.finish(lease, state, error))) throw new LeaseLost();
      await this.records.record(migration, migration.state, state);
    });
    this.logger.log({ message: `A storage migration has ${state}`, migration: migration.id, reason: error });
    return 'ended';
  }
}
