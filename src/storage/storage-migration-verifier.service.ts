import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { type FailureReason, waitAfter } from './domain/storage-migration-failure.js';
import { ObjectStores } from './object-stores.service.js';
import { StorageMigrationFailuresRepository } from './persistence/storage-migration-failures.repository.js';
import { StorageMigrationLeasesRepository } from './persistence/storage-migration-leases.repository.js';
import {
  type MovableObject,
  StorageMigrationObjectsRepository,
} from './persistence/storage-migration-objects.repository.js';
import { inspectMoved } from './storage-migration-reading.js';
import { StorageMigrationStates } from './storage-migration-states.service.js';
import { eachOf, LeaseLost, type MigrationWork, type RunResult } from './storage-migration-work.js';

const OBJECTS_PER_BATCH = 50;

/** What was found: intact, not there any more for good reason, damaged, or not answered for. */
type Finding = 'intact' | 'gone' | FailureReason;

interface Checked {
  readonly object: MovableObject;
  readonly finding: Finding;
}

/**
 * Reads every object of the target again and compares its digest. Results and the place where it is are stored
 * together, so a crash costs one batch. What is damaged is reported and left alone.
 */
@Injectable()
export class StorageMigrationVerifier {
  constructor(
    private readonly stores: ObjectStores,
    private readonly transactions: Transactions,
    private readonly objects: StorageMigrationObjectsRepository,
    private readonly failures: StorageMigrationFailuresRepository,
    private readonly leases: StorageMigrationLeasesRepository,
    private readonly states: StorageMigrationStates,
  ) {}

  /** Works until the time of this run is over, or until everything was read. */
  async run(work: MigrationWork): Promise<RunResult> {
    const { target, verifiedUpTo, waits } = work.migration;
    let after = verifiedUpTo ?? '';
    while (!work.isOver()) {
      const batch = await this.objects.committed(target, after, OBJECTS_PER_BATCH);
      if (batch.length === 0) return this.settle(work);
      const checked = await this.checkAll(batch, work);
      const answered = answeredPart(checked);
      if (answered.length > 0) after = await this.store(answered, work);
      if (answered.length < batch.length) return this.wait(work, answered.length > 0 ? 1 : waits + 1);
    }
    return { afterMs: 0 };
  }

  private async checkAll(batch: readonly MovableObject[], work: MigrationWork): Promise<Checked[]> {
    const findings = new Map<MovableObject, Finding>();
    await eachOf(batch, work.concurrency, async (object) => {
      findings.set(object, await this.check(object, work));
    });
    return batch.map((object) => ({ object, finding: findings.get(object)! }));
  }

  private async check(object: MovableObject, work: MigrationWork): Promise<Finding> {
    try {
      const { store } = await this.stores.of(object.storage);
      const { damage } = await inspectMoved(store, object, work);
      if (damage === undefined) return 'intact';
      // Who deletes a version meanwhile takes nothing away that was to be there.
      return (await this.objects.isCommitted(object.id)) ? damage : 'gone';
    } catch {
      work.signal.throwIfAborted();
      return 'unavailable';
    }
  }

  private async store(checked: readonly Checked[], { migration, lease }: MigrationWork): Promise<string> {
    const intact = checked.filter(({ finding }) => finding === 'intact');
    const upTo = checked.at(-1)!.object.key;
    const bytes = intact.reduce((sum, { object }) => sum + object.sizeBytes, 0);
    await this.transactions.run(async () => {
      if (!(await this.leases.countVerified(lease, { objects: intact.length, bytes, upTo })))
        throw new LeaseLost();
      for (const { object, finding } of checked) {
        if (finding === 'intact' || finding === 'gone') continue;
        await this.failures.record(migration.id, object.key, 'verify', finding);
      }
    });
    return upTo;
  }

  private async settle(work: MigrationWork): Promise<RunResult> {
    const { migration } = work;
    const { all: found } = await this.failures.count(migration.id);
    if (found > 0)
      return this.states.finish(work, 'failed', `${found} objects are damaged or could not be moved`);
    const left = await this.objects.countUsed(migration.source);
    if (left.objects === 0) return this.states.finish(work, 'completed', null);
    return this.states.finish(
      work,
      'failed',
      `${left.objects} objects are in the source: resume the migration`,
    );
  }

  private async wait({ lease }: MigrationWork, waits: number): Promise<RunResult> {
    const afterMs = waitAfter(waits);
    if (!(await this.leases.waitFor(lease, afterMs, 'The target does not answer'))) throw new LeaseLost();
    return { afterMs };
  }
}

/**
 * The objects up to the first that the storage did not answer for: from there it goes on later. When it answered for
 * others behind the first, that one alone is the trouble, and it is reported.
 */
function answeredPart(checked: readonly Checked[]): readonly Checked[] {
  const first = checked.findIndex(({ finding }) => finding === 'unavailable');
  if (first === -1) return checked;
  if (first > 0) return checked.slice(0, first);
  return checked.some(({ finding }) => finding !== 'unavailable') ? checked.slice(0, 1) : [];
}
