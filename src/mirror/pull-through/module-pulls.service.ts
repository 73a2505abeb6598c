import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import { ModuleVersionExists } from '../../modules/domain/modules.errors.js';
import { MirrorInterrupted } from '../domain/mirror.errors.js';
import type { ModuleVerdict } from '../domain/pulled-module.js';
import { UpstreamQuestionPending } from '../domain/pull-through.errors.js';
import { ModuleFetcher } from '../fetching/module-fetcher.service.js';
import { failedQuestion } from './failed-question.js';
import { ModuleQuestions } from './module-questions.service.js';
import { PulledModuleStore, type WantedModule } from './pulled-module-store.service.js';
import { UpstreamAnswers } from './upstream-answers.service.js';

/** Fetches modules because somebody asks for them: once for all who ask for the same at the same time, in all processes. */
@Injectable()
export class ModulePulls implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Mirror');
  private readonly pulls = new Map<string, Promise<ModuleVerdict>>();
  private readonly ending = new AbortController();

  constructor(
    private readonly answers: UpstreamAnswers,
    private readonly questions: ModuleQuestions,
    private readonly fetcher: ModuleFetcher,
    private readonly stored: PulledModuleStore,
    private readonly config: MirrorConfig,
  ) {}

  /** Ends what is being fetched: nothing of it is kept, and the next who asks begins anew. */
  async beforeApplicationShutdown(): Promise<void> {
    this.ending.abort(new MirrorInterrupted());
    await Promise.allSettled(this.pulls.values());
  }

  /**
   * Brings a version here unless it is; `good` then. What went wrong is the answer to all who asked at the same time.
   * Throws `UpstreamQuestionPending` when this process fetches too much at a time or another one takes too long.
   */
  pull(wanted: WantedModule): Promise<ModuleVerdict> {
    const { mirror, address, version } = wanted;
    const key = `module archive ${mirror.id} ${mirror.updatedAt.getTime()} ${address.toString()} ${version.text}`;
    const running = this.pulls.get(key);
    if (running !== undefined) return running;
    if (this.pulls.size >= this.config.pullThroughConcurrency) throw new UpstreamQuestionPending();
    const pull = this.answers
      .get<ModuleVerdict>({
        key,
        waitMs: this.config.downloadTimeoutMs,
        ask: (signal) => this.fetch(wanted, AbortSignal.any([signal, this.ending.signal])),
        // Whether it is here is known better by looking.
        lifeOf: (verdict, { pullThroughTroubleMs, pullThroughAbsenceMs }) => {
          if (verdict.kind !== 'failed') return 0;
          return verdict.isTransient ? pullThroughTroubleMs : pullThroughAbsenceMs;
        },
      })
      .finally(() => this.pulls.delete(key));
    this.pulls.set(key, pull);
    return pull;
  }

  private async fetch(wanted: WantedModule, signal: AbortSignal): Promise<ModuleVerdict> {
    if (await this.stored.isKnown(wanted)) return { kind: 'good' };
    const { mirror, address, version } = wanted;
    const what = `${address.toString()} ${version.text}`;
    try {
      const source = await this.questions.source(mirror, address, version.text, signal);
      const fetched = await this.fetcher.fetch(source, what, signal);
      try {
        await this.stored.store(wanted, fetched);
      } finally {
        await fetched.discard();
      }
    } catch (error) {
      if (error instanceof ModuleVersionExists) return { kind: 'good' };
      const message = `A module that was asked for could not be fetched: ${mirror.upstreamHost}/${what}`;
      this.logger.warn({ message, err: error });
      return failedQuestion(error);
    }
    return { kind: 'good' };
  }
}
