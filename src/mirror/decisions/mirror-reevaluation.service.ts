import { Injectable } from '@nestjs/common';
import { JobQueue } from '../../platform/jobs/job-queue.js';
import { Transactions } from '../../platform/database/transactions.js';
import type { DecisionScope, MirroredKey } from '../domain/decision-scope.js';
import { MirrorDecisionsRepository } from '../persistence/mirror-decisions.repository.js';

export const REEVALUATE_MIRRORED_PROVIDERS_JOB = 'reevaluate-mirrored-providers';

/** Has what is here by mirrors evaluated again after somebody decided something about it. */
@Injectable()
export class MirrorReevaluation {
  constructor(
    private readonly transactions: Transactions,
    private readonly decisions: MirrorDecisionsRepository,
    private readonly queue: JobQueue,
  ) {}

  /**
   * Runs a decision in a transaction and has what it concerns evaluated after the commit. Nothing that was allowed before
   * arrives meanwhile. `work` answers its result and what it concerns; no scope: nothing was changed.
   */
  decide<T>(work: () => Promise<{ readonly result: T; readonly scope?: DecisionScope }>): Promise<T> {
    return this.transactions.run(async () => {
      await this.decisions.lockDecisions();
      const { result, scope } = await work();
      if (scope !== undefined) await this.enqueue(scope);
      return result;
    });
  }

  /** Lets nobody decide anything until the surrounding transaction ends; for what is about to arrive. */
  holdDecisionsOff(): Promise<void> {
    return this.decisions.holdDecisionsOff();
  }

  /** Has a scope evaluated without waiting for arrivals: for what forbids nothing. In the surrounding transaction. */
  async enqueue(scope: DecisionScope): Promise<void> {
    const { organizationId, mirrorId, namespace, type } = scope;
    const key = [organizationId, mirrorId, namespace, type].map((one) => one ?? '*').join(' ');
    const name = REEVALUATE_MIRRORED_PROVIDERS_JOB;
    await this.queue.enqueue(name, { scope }, { key: `${name} ${key}` });
  }

  /** Goes on after a provider. Without a key: it must not take the place of a request that waits to start anew. */
  async goOn(scope: DecisionScope, after: MirroredKey): Promise<void> {
    await this.queue.enqueue(REEVALUATE_MIRRORED_PROVIDERS_JOB, { scope, after });
  }
}
