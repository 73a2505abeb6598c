import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import {
  isPossible,
  MIGRATE_STORAGE,
  type MigrationAction,
  type MigrationPlan,
  type StorageMigration,
} from './domain/storage-migration.js';
import {
  StorageMigrationInProgress,
  StorageMigrationNotFound,
  StorageMigrationStateConflict,
} from './domain/storage-migration.errors.js';
import { StorageMigrationFailuresRepository } from './persistence/storage-migration-failures.repository.js';
import { StorageMigrationsRepository } from './persistence/storage-migrations.repository.js';
import { StorageMigrationPlans } from './storage-migration-plans.service.js';
import { StorageMigrationRecords } from './storage-migration-records.service.js';

/** What a released migration looks like: whoever worked on it notices, and is refused from then on. */
const NOBODY = { leaseHolder: null, leaseUntil: null, waitUntil: null, waits: 0, bytesPerSecond: 0 };

/** A migration to start. */
export interface WantedMigration {
  /** Name of a storage: the id of a stored configuration, or the type of a backend of the file. */
  readonly source: string;
  readonly target: string;
  /** Whether each object is read again from the target before the source lets it go. */
  readonly readsBack: boolean;
  readonly createdBy: string | null;
}

/** Moves of all objects from one storage to another, as administrators steer them. The work is done by a job. */
@Injectable()
export class StorageMigrations {
  constructor(
    private readonly transactions: Transactions,
    private readonly plans: StorageMigrationPlans,
    private readonly migrations: StorageMigrationsRepository,
    private readonly failures: StorageMigrationFailuresRepository,
    private readonly queue: JobQueue,
    private readonly records: StorageMigrationRecords,
  ) {}

  /** What a migration would move now. Throws `InvalidInput` for storages that are not known. */
  async plan(source: string, target: string): Promise<MigrationPlan> {
    const plan = await this.plans.plan(source, target);
    this.records.nothingChanged();
    return plan;
  }

  /** Starts a migration. Throws `InvalidInput`, and {@link StorageMigrationInProgress}. */
  async start({ source, target, readsBack, createdBy }: WantedMigration): Promise<StorageMigration> {
    const { objects, bytes } = await this.plans.prepare(source, target);
    return this.transactions.run(async () => {
      await this.assertNothingInTheWay({ source, target });
      const totals = { objectsTotal: objects, bytesTotal: bytes };
      const added = await this.migrations.add({
        source,
        target,
        readsBack,
        createdBy,
        state: 'planned',
        ...totals,
      });
      await this.records.record(added, null, added.state);
      await this.enqueue();
      return added;
    });
  }

  /** From the answer on nothing is moved, until somebody resumes it. */
  pause(id: string): Promise<StorageMigration> {
    return this.change(id, 'pause', () => this.migrations.change(id, { state: 'paused', ...NOBODY }));
  }

  /** Goes on where it was, and tries again what had failed. */
  resume(id: string): Promise<StorageMigration> {
    return this.change(id, 'resume', async ({ verifiedUpTo, startedAt, ...migration }) => {
      if (migration.state === 'failed') await this.assertNothingInTheWay(migration);
      await this.failures.retryAll(id);
      const copying = startedAt === null ? 'planned' : 'running';
      const state = verifiedUpTo === null ? copying : 'verifying';
      await this.enqueue();
      return this.migrations.change(id, { state, lastError: null, finishedAt: null, ...NOBODY });
    });
  }

  /** Ends it for good. What was moved stays where it is. */
  cancel(id: string): Promise<StorageMigration> {
    const ended = { state: 'cancelled', verifiedUpTo: null, finishedAt: new Date(), ...NOBODY } as const;
    return this.change(id, 'cancel', () => this.migrations.change(id, ended));
  }

  /** Reads every object of the target again, and compares its digest. */
  verify(id: string): Promise<StorageMigration> {
    return this.change(id, 'verify', async (migration) => {
      await this.assertNothingInTheWay(migration);
      await this.failures.forgetVerification(id);
      await this.enqueue();
      const begun = {
        verifiedUpTo: '',
        objectsVerified: 0,
        bytesVerified: 0,
        lastError: null,
        finishedAt: null,
      };
      return this.migrations.change(id, { state: 'verifying', ...begun, ...NOBODY });
    });
  }

  private change(
    id: string,
    action: MigrationAction,
    work: (migration: StorageMigration) => Promise<StorageMigration>,
  ): Promise<StorageMigration> {
    return this.transactions.run(async () => {
      const before = await this.migrations.lock(id);
      if (before === null) throw new StorageMigrationNotFound();
      if (!isPossible(action, before.state)) throw new StorageMigrationStateConflict(action, before.state);
      const after = await work(before);
      await this.records.record(after, before.state, after.state);
      return after;
    });
  }

  private async assertNothingInTheWay({
    source,
    target,
  }: Pick<StorageMigration, 'source' | 'target'>): Promise<void> {
    await this.migrations.lockAdding();
    const other = await this.migrations.findInTheWay(source, target);
    if (other !== null) throw new StorageMigrationInProgress(other.id);
  }

  private async enqueue(): Promise<void> {
    await this.queue.enqueue(MIGRATE_STORAGE, {}, { key: MIGRATE_STORAGE });
  }
}
