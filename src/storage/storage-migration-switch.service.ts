import { Injectable } from '@nestjs/common';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { Transactions } from '../platform/database/transactions.js';
import { ArtifactStore, type StagedArtifact } from './artifact-store.service.js';
import { StorageMigrationFailuresRepository } from './persistence/storage-migration-failures.repository.js';
import { StorageMigrationLeasesRepository } from './persistence/storage-migration-leases.repository.js';
import type { MovableObject } from './persistence/storage-migration-objects.repository.js';
import { StorageMigrationSwitchRepository } from './persistence/storage-migration-switch.repository.js';
import { LeaseLost, type MigrationWork } from './storage-migration-work.js';

/** Bytes in the target, and whether they were read again there. */
export interface StagedInTarget {
  readonly artifact: StagedArtifact;
  readonly isVerified: boolean;
}

/** Nothing refers to the object any more. */
class NothingToMove extends Error {}

/**
 * The moment in which an object moves: one short transaction turns everything that refers to it to the row of the
 * target, counts it, and leaves the old object to the sweep. Before it everybody reads the old one, after it the new.
 */
@Injectable()
export class StorageMigrationSwitch {
  constructor(
    private readonly transactions: Transactions,
    private readonly changes: CacheInvalidation,
    private readonly artifacts: ArtifactStore,
    private readonly rows: StorageMigrationSwitchRepository,
    private readonly leases: StorageMigrationLeasesRepository,
    private readonly failures: StorageMigrationFailuresRepository,
  ) {}

  /**
   * Throws LeaseLost when this process may not move anything any more, ArtifactVanished when the bytes were taken away
   * meanwhile, and DatabaseUnavailable when somebody has locked the rows: in all cases nothing has changed.
   */
  async turn(
    object: MovableObject,
    { artifact, isVerified }: StagedInTarget,
    { migration, lease }: MigrationWork,
  ): Promise<'moved' | 'gone'> {
    try {
      await this.transactions.run(async () => {
        if (!(await this.rows.lockCommitted(object.id))) throw new NothingToMove();
        await this.artifacts.commit(artifact);
        if ((await this.rows.repoint(object.id, artifact.id)) === 0) throw new NothingToMove();
        const wasDamaged = await this.rows.inheritJudgement(object.id, artifact.id, isVerified);
        if (wasDamaged) this.changes.announce('settings');
        await this.rows.doom(object.id);
        await this.failures.forget(migration.id, object.key);
        const isMine = await this.leases.countMoved(lease, object.sizeBytes, isVerified);
        if (!isMine) throw new LeaseLost();
      });
      return 'moved';
    } catch (error) {
      if (error instanceof NothingToMove) return 'gone';
      throw error;
    }
  }
}
