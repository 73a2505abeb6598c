import { Injectable, Logger } from '@nestjs/common';
import { DatabaseUnavailable } from '../platform/database/database.errors.js';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import { ArtifactKey } from './artifact-key.js';
import { ArtifactLocations } from './artifact-locations.service.js';
import type { FailureReason } from './domain/storage-migration-failure.js';
import { ObjectStoreRejected, ObjectStoreUnavailable } from './object-store.errors.js';
import {
  type MovableObject,
  StorageMigrationObjectsRepository,
} from './persistence/storage-migration-objects.repository.js';
import { StorageMigrationSource } from './storage-migration-source.service.js';
import { StorageMigrationSwitch } from './storage-migration-switch.service.js';
import { StorageMigrationTarget } from './storage-migration-target.service.js';
import { LeaseLost, type MigrationWork } from './storage-migration-work.js';
import { ArtifactDamaged, ArtifactVanished, StorageNotConfigured } from './storage.errors.js';

/**
 * What became of an object: moved; `gone`: nothing refers to it any more; `busy`: rows of it are locked, it is tried
 * again; or why it could not be moved, with what a storage said.
 */
export type MoveOutcome =
  'moved' | 'gone' | 'busy' | { readonly reason: FailureReason; readonly said?: string | undefined };

/** What a storage as a whole says; it is set right by its operator, and no fault of the object. */
const OF_THE_STORAGE = [ObjectStoreUnavailable, ObjectStoreRejected, StorageNotConfigured];

/** Moves one object: copy, compare, read back, switch. A crash leaves at most something for the sweep. */
@Injectable()
export class StorageMigrationMover {
  private readonly logger = new Logger('Storage');

  constructor(
    private readonly source: StorageMigrationSource,
    private readonly target: StorageMigrationTarget,
    private readonly switching: StorageMigrationSwitch,
    private readonly objects: StorageMigrationObjectsRepository,
    private readonly locations: ArtifactLocations,
    private readonly tempFiles: TempFiles,
  ) {}

  /** Throws LeaseLost and the reason of the signal; everything else is an outcome. */
  async move(object: MovableObject, work: MigrationWork): Promise<MoveOutcome> {
    let outcome: MoveOutcome | undefined;
    try {
      return (outcome = await this.attempt(object, work));
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      work.signal.throwIfAborted();
      return this.outcomeOf(object, error);
    } finally {
      // What was staged in the target is not what is served as long as the switch has not happened.
      if (outcome !== 'moved') this.locations.remember(object.key, object.storage);
    }
  }

  private async attempt(object: MovableObject, work: MigrationWork): Promise<MoveOutcome> {
    const key = ArtifactKey.parse(object.key);
    if (key === undefined || key.digest !== object.digest) return { reason: 'refused' };
    const spool = await this.tempFiles.create('migration');
    try {
      const bytes = await this.source.fetch(object, spool.file('object'), work);
      if (typeof bytes === 'string')
        return (await this.objects.isCommitted(object.id)) ? { reason: bytes } : 'gone';
      const staged = await this.target.stage(object, key, bytes, work);
      if (typeof staged === 'string') return { reason: staged };
      return await this.switching.turn(object, staged, work);
    } finally {
      await spool.remove();
    }
  }

  private outcomeOf({ key }: MovableObject, error: unknown): MoveOutcome {
    if (error instanceof DatabaseUnavailable || error instanceof ArtifactVanished) return 'busy';
    if (error instanceof ArtifactDamaged) return { reason: 'target-differs' };
    if (error instanceof ObjectStoreRejected && (error.reason === 'path' || error.reason === 'exists'))
      return { reason: 'refused' };
    if (OF_THE_STORAGE.some((kind) => error instanceof kind))
      return { reason: 'unavailable', said: (error as Error).message };
    this.logger.error({ message: 'An object could not be moved', key, err: error });
    return { reason: 'unexpected' };
  }
}
