import { setTimeout as wait } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import { MirrorInterrupted } from '../domain/mirror.errors.js';
import { UpstreamQuestionPending } from '../domain/pull-through.errors.js';
import type { FetchedPackage } from '../fetching/package-fetcher.service.js';
import { ArrivingPackage } from './arriving-package.js';
import { PulledPackageFetcher, type WantedPackage } from './pulled-package-fetcher.service.js';
import { PulledReleaseStore } from './pulled-release-store.service.js';
import { UpstreamAnswers } from './upstream-answers.service.js';

/** So much of a package leaves only when all of it was verified. */
const HELD_BACK_BYTES = 64 * 1024;

/** A package that somebody asked for: here, or on its way through this process. */
export type PulledPackage =
  { readonly kind: 'held' } | { readonly kind: 'arriving'; readonly arriving: ArrivingPackage };

/**
 * Fetches packages because somebody asks for them. Of those who ask for the same at the same time, in all processes, one
 * causes the fetch: those in its process get the bytes while they arrive, the others when they are stored.
 */
@Injectable()
export class PackagePulls implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Mirror');
  private readonly pulls = new Map<string, Promise<PulledPackage>>();
  private readonly work = new Set<Promise<unknown>>();
  private readonly ending = new AbortController();

  constructor(
    private readonly answers: UpstreamAnswers,
    private readonly fetcher: PulledPackageFetcher,
    private readonly store: PulledReleaseStore,
    private readonly config: MirrorConfig,
  ) {}

  /** Ends what is being fetched: nothing of it is kept, and the next who asks begins anew. */
  async beforeApplicationShutdown(): Promise<void> {
    this.ending.abort(new MirrorInterrupted());
    await Promise.allSettled(this.work);
  }

  /**
   * Throws a `MirrorFailure` when the upstream has it wrong or not at all, `UpstreamQuestionPending` when this process
   * fetches too much at a time or another one takes too long.
   */
  pull(wanted: WantedPackage): Promise<PulledPackage> {
    const { mirror, name, version, platform } = wanted;
    const key = `package ${mirror.id} ${name.namespace}/${name.type} ${version} ${platform.key}`;
    const running = this.pulls.get(key);
    if (running !== undefined) return running;
    if (this.pulls.size >= this.config.pullThroughConcurrency) throw new UpstreamQuestionPending();
    const begun = Promise.withResolvers<PulledPackage>();
    this.pulls.set(key, begun.promise);
    const done = this.answers
      .get<boolean>({
        key,
        waitMs: this.config.downloadTimeoutMs,
        ask: (signal) =>
          this.fetch(wanted, signal, (arriving) => begun.resolve({ kind: 'arriving', arriving })),
        // Whether it is here is known better by looking.
        lifeOf: () => 0,
      })
      .then(
        () => begun.resolve({ kind: 'held' }),
        (error: unknown) => begun.reject(error),
      )
      .finally(() => this.pulls.delete(key));
    this.track(done);
    return begun.promise;
  }

  private async fetch(
    wanted: WantedPackage,
    lost: AbortSignal,
    begin: (arriving: ArrivingPackage) => void,
  ): Promise<boolean> {
    if (await this.fetcher.isHeld(wanted)) return true;
    const signal = AbortSignal.any([lost, this.ending.signal]);
    let arriving: ArrivingPackage | undefined;
    const observe = (path: string): ArrivingPackage => {
      arriving = new ArrivingPackage(path, HELD_BACK_BYTES);
      begin(arriving);
      return arriving;
    };
    try {
      const fetched = await this.fetcher.fetch(wanted, observe, signal);
      arriving?.complete(fetched.sizeBytes);
      try {
        await this.store.store(wanted.mirror, wanted.name, wanted.version, wanted.offered, fetched);
      } finally {
        this.track(this.discard(fetched, arriving));
      }
      return true;
    } catch (error) {
      arriving?.fail(error as Error);
      this.tell(wanted, error);
      throw error;
    }
  }

  /** Readers in this process may not be through when the package is stored. */
  private async discard(fetched: FetchedPackage, arriving: ArrivingPackage | undefined): Promise<void> {
    const patience = AbortSignal.any([
      this.ending.signal,
      AbortSignal.timeout(this.config.downloadTimeoutMs),
    ]);
    const enough = wait(2 ** 31 - 1, undefined, { signal: patience, ref: false }).catch(() => undefined);
    await Promise.race([arriving?.drained(), enough]);
    await fetched.discard();
  }

  private tell({ mirror, name, version, platform }: WantedPackage, error: unknown): void {
    const what = `${mirror.upstreamHost}/${name.namespace}/${name.type} ${version} ${platform.key}`;
    this.logger.warn({ message: `A package that was asked for could not be fetched: ${what}`, err: error });
  }

  private track(work: Promise<unknown>): void {
    const tracked = work.catch(() => undefined).finally(() => this.work.delete(tracked));
    this.work.add(tracked);
  }
}
