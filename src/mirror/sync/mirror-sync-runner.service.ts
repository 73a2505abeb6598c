import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../kernel/errors.js';
import { SyncGivenUp, SyncLeaseLost } from '../domain/mirror-sync.errors.js';
import type { SyncJobPayload } from '../domain/mirror-sync.js';
import { Mirrors } from '../configuration/mirrors.service.js';
import { MirrorPlanning } from './mirror-planning.service.js';
import { MirrorSyncEnd } from './mirror-sync-end.service.js';
import { ProviderSync } from './provider-sync.service.js';
import { SyncStretches } from './sync-stretches.service.js';
import type { SyncWork } from './sync-work.js';

/** A job goes on for so long, so that other jobs get their turn; the next one goes on. */
const STRETCH_MS = 60_000;

/** Nothing more to do for this job, or when the next one goes on. */
export type StretchResult = 'ended' | { readonly afterMs: number };

/**
 * The worker of runs of mirrors. One process at a time works on a run; when it is killed or stopped, another one takes
 * over within `mirror.lease` and goes on: what is stored already is not fetched again.
 */
@Injectable()
export class MirrorSyncRunner {
  private readonly logger = new Logger('Mirror');

  constructor(
    private readonly mirrors: Mirrors,
    private readonly stretches: SyncStretches,
    private readonly planning: MirrorPlanning,
    private readonly providers: ProviderSync,
    private readonly end: MirrorSyncEnd,
  ) {}

  /** Works on a run for about `stretchMs`. */
  async run(
    { syncId, mirrorId }: SyncJobPayload,
    signal: AbortSignal,
    stretchMs: number = STRETCH_MS,
  ): Promise<StretchResult> {
    const mirror = await this.mirrors.find(mirrorId);
    const work = mirror && (await this.stretches.take(mirror, syncId, signal, stretchMs));
    if (!work) {
      const waitMs = await this.stretches.waitMs(syncId);
      return waitMs === undefined ? 'ended' : { afterMs: waitMs };
    }
    const { lease } = work.facts;
    lease.start();
    try {
      return await this.work(work);
    } catch (error) {
      if (error instanceof SyncLeaseLost) return 'ended';
      throw error;
    } finally {
      await lease.release();
    }
  }

  private async work(work: SyncWork): Promise<StretchResult> {
    const { lease, mirror, report, signal } = work.facts;
    try {
      await lease.check();
      if (await this.goThrough(work)) return await this.finish(work, report.status);
      await work.save();
      return { afterMs: 0 };
    } catch (error) {
      if (lease.isLost) return 'ended';
      if (lease.isCancelled) return this.finish(work, 'cancelled');
      if (signal.aborted) {
        await work.save();
        return { afterMs: 0 };
      }
      if (work.isFatal(error) && !(error instanceof SyncGivenUp)) throw error;
      if (!(error instanceof DomainError)) {
        this.logger.error({ message: 'A run of a mirror failed', err: error, mirror: mirror.id });
      }
      report.addRunFailure(mirror.upstreamHost, error);
      return this.finish(work, 'failed');
    }
  }

  /** `false` when the time of this stretch was over before the end. */
  private async goThrough(work: SyncWork): Promise<boolean> {
    const { mirror, report, signal, sync } = work.facts;
    const opened = await this.planning.open(mirror, sync, signal);
    await work.planProviders(opened.names.length);
    for (const { what, reason } of opened.unreadable) {
      report.addWarning(`The list of the upstream has a line that cannot be read, ${what}: ${reason}`);
    }
    for (const name of opened.names) {
      if (report.hasFinished(name)) continue;
      if (work.isOver || !(await this.providers.run(work, opened, name))) return false;
    }
    return true;
  }

  private async finish(work: SyncWork, status: 'success' | 'failed' | 'cancelled'): Promise<'ended'> {
    await this.end.finish(work, status);
    return 'ended';
  }
}
