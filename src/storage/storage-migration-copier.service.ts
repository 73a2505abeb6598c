import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import { waitAfter } from './domain/storage-migration-failure.js';
import { StorageMigrationFailuresRepository } from './persistence/storage-migration-failures.repository.js';
import { StorageMigrationLeasesRepository } from './persistence/storage-migration-leases.repository.js';
import {
  type MovableObject,
  StorageMigrationObjectsRepository,
} from './persistence/storage-migration-objects.repository.js';
import { StorageMigrationMover } from './storage-migration-mover.service.js';
import { StorageMigrationStates } from './storage-migration-states.service.js';
import { eachOf, LeaseLost, type MigrationWork, type RunResult } from './storage-migration-work.js';

const OBJECTS_PER_PAGE = 100;

/** Until an object is tried again whose rows were locked. */
const BUSY_WAIT_MS = 1_000;

/** How a pass over the source stands. */
interface Pass {
  /** Objects in a row that a storage did not answer for, and what it said. */
  unanswered: number;
  said: string | undefined;
  /** How often it was waited for since an object was moved. */
  waits: number;
}

/**
 * Moves the objects of a source one after the other until nothing refers to it any more. Objects that fail are tried
 * again later; when a storage answers for none, the work as a whole waits.
 */
@Injectable()
export class StorageMigrationCopier {
  private readonly logger = new Logger('Storage');

  constructor(
    private readonly objects: StorageMigrationObjectsRepository,
    private readonly failures: StorageMigrationFailuresRepository,
    private readonly leases: StorageMigrationLeasesRepository,
    private readonly mover: StorageMigrationMover,
    private readonly states: StorageMigrationStates,
    private readonly metrics: Metrics,
  ) {}

  /** Works until the time of this run is over, or until there is nothing to do now. */
  async run(work: MigrationWork): Promise<RunResult> {
    const { migration, concurrency } = work;
    const pass: Pass = { unanswered: 0, said: undefined, waits: migration.waits };
    const isStopped = () => work.isOver() || pass.unanswered >= concurrency;
    for (let after = ''; !isStopped();) {
      const page = await this.objects.due(migration.id, migration.source, after, OBJECTS_PER_PAGE);
      if (page.length === 0) return this.settle(work);
      after = page.at(-1)!.key;
      await eachOf(page, concurrency, async (object) => {
        if (!isStopped()) await this.moveOne(object, work, pass);
      });
    }
    if (pass.unanswered < concurrency) return { afterMs: 0 };
    return this.wait(work, waitAfter(pass.waits + 1), pass.said);
  }

  private async moveOne(object: MovableObject, work: MigrationWork, pass: Pass): Promise<void> {
    const outcome = await this.mover.move(object, work);
    this.metrics.countMigratedObject(typeof outcome === 'string' ? outcome : 'failed');
    if (typeof outcome === 'string') {
      pass.unanswered = 0;
      pass.waits = 0;
      return;
    }
    const { reason, said } = outcome;
    pass.unanswered = reason === 'unavailable' ? pass.unanswered + 1 : 0;
    pass.said = said ?? pass.said;
    if (reason !== 'unavailable')
      this.logger.warn({ message: 'An object was not moved', key: object.key, reason });
    await this.failures.record(work.migration.id, object.key, 'copy', reason);
  }

  /** A pass found nothing more to do now: the migration is done, waits for what is tried again, or has failed. */
  private async settle(work: MigrationWork): Promise<RunResult> {
    const { migration, lease } = work;
    await this.failures.forgetGone(migration.id, migration.source);
    const left = await this.objects.countUsed(migration.source);
    if (!(await this.leases.countLeft(lease, left.objects, left.bytes))) throw new LeaseLost();
    if (left.objects === 0) return this.states.finish(work, 'completed', null);
    if ((await this.objects.due(migration.id, migration.source, '', 1)).length > 0)
      return this.wait(work, BUSY_WAIT_MS);
    const { nextInMs } = await this.failures.count(migration.id);
    if (nextInMs !== null) return this.wait(work, Math.max(nextInMs, 0));
    return this.states.finish(work, 'failed', `${left.objects} objects could not be moved`);
  }

  private async wait({ lease }: MigrationWork, afterMs: number, said?: string): Promise<RunResult> {
    if (!(await this.leases.waitFor(lease, afterMs, said))) throw new LeaseLost();
    return { afterMs };
  }
}
