import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { Scheduler } from '../../platform/jobs/scheduler.js';
import type { DecisionScope, MirroredKey } from '../domain/decision-scope.js';
import { HeldBackProviders } from '../decisions/held-back-providers.service.js';
import {
  MirrorReevaluation,
  REEVALUATE_MIRRORED_PROVIDERS_JOB,
} from '../decisions/mirror-reevaluation.service.js';
import { MirrorDecisionsRepository } from '../persistence/mirror-decisions.repository.js';

const RUN_MS = 20_000;
const BATCH = 100;
const EVERY_MS = 3_600_000;

/** Without a scope: everything. */
interface Payload {
  readonly scope?: DecisionScope;
  readonly after?: MirroredKey;
}

/**
 * Holds back and offers what a decision concerns, for some seconds; asks for the next run while there is more. Once an
 * hour it looks at everything, because a provider may be offered also when one more mirror brings it.
 */
@Injectable()
export class ReevaluateMirroredProvidersJob extends Job<Payload> implements OnModuleInit {
  readonly name = REEVALUATE_MIRRORED_PROVIDERS_JOB;

  constructor(
    private readonly decisions: MirrorDecisionsRepository,
    private readonly heldBack: HeldBackProviders,
    private readonly reevaluation: MirrorReevaluation,
    private readonly registry: JobRegistry,
    private readonly scheduler: Scheduler,
  ) {
    super();
  }

  onModuleInit(): void {
    this.registry.register(this);
    this.scheduler.schedule(this.name, EVERY_MS, this);
  }

  /** One provider that cannot be settled does not keep the others from it; the run is repeated for it. */
  async run({ scope = {}, after }: Payload, signal: AbortSignal): Promise<void> {
    const endAt = performance.now() + RUN_MS;
    const failures: unknown[] = [];
    let last = after ?? null;
    for (;;) {
      const keys = await this.decisions.providersAfter(scope, last, BATCH);
      for (const key of keys) {
        await this.heldBack.settle(key).catch((error: unknown) => void failures.push(error));
        last = key;
        if (!signal.aborted && performance.now() < endAt) continue;
        await this.reevaluation.goOn(scope, last);
        if (failures.length > 0) throw failures[0];
        return;
      }
      if (keys.length < BATCH) break;
    }
    if (failures.length > 0) throw failures[0];
  }
}
