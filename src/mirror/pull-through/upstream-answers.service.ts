import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import { UpstreamQuestionPending } from '../domain/pull-through.errors.js';
import { UpstreamAnswersRepository } from '../persistence/upstream-answers.repository.js';

const FIRST_LOOK_MS = 50;
const MAX_LOOK_MS = 500;

/** How long answers hold that have something, that have nothing, and that say that something is wrong. */
export type AnswerLives = Pick<
  MirrorConfig,
  'pullThroughMemoryMs' | 'pullThroughAbsenceMs' | 'pullThroughTroubleMs'
>;

/** How a question is asked, and how long its answer holds. */
export interface Question<T> {
  /** Unique text for what is asked, e.g. mirror, kind and address. */
  readonly key: string;
  /** Longest time to wait for somebody else's answer, in milliseconds; `mirror.pull_through_wait` when absent. */
  readonly waitMs?: number;
  /** Asks the upstream; what it gives is plain JSON. */
  ask(signal: AbortSignal): Promise<T>;
  /** How long this answer is given again, in milliseconds. */
  lifeOf(answer: T, lives: AnswerLives): number;
}

/**
 * Asks an upstream once for all who want to know at the same time, in all processes (threat F13). The one who asks holds a
 * lease; when its process dies, another asks after `mirror.lease`.
 */
@Injectable()
export class UpstreamAnswers {
  private readonly asking = new Map<string, Promise<unknown>>();

  constructor(
    private readonly answers: UpstreamAnswersRepository,
    private readonly config: MirrorConfig,
  ) {}

  /** The answer, new or known. Fails like `ask`; with `UpstreamQuestionPending` when somebody else is asking for too long. */
  get<T>(question: Question<T>): Promise<T> {
    const running = this.asking.get(question.key);
    if (running !== undefined) return running as Promise<T>;
    const found = this.find(question).finally(() => this.asking.delete(question.key));
    this.asking.set(question.key, found);
    return found;
  }

  private async find<T>(question: Question<T>): Promise<T> {
    const endsAtMs = performance.now() + (question.waitMs ?? this.config.pullThroughWaitMs);
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(MAX_LOOK_MS, pauseMs * 2)) {
      const state = await this.answers.take(question.key, this.config.leaseMs);
      if (state.kind === 'answered') return state.answer as T;
      if (state.kind === 'taken') return this.ask(question, state.token);
      if (performance.now() + pauseMs > endsAtMs) throw new UpstreamQuestionPending();
      await wait(pauseMs);
    }
  }

  private async ask<T>(question: Question<T>, token: string): Promise<T> {
    const { key } = question;
    const { leaseMs } = this.config;
    const lost = new AbortController();
    const renewal = setInterval(() => {
      this.answers.renew(key, token, leaseMs).then(
        (isOurs) => isOurs || lost.abort(new UpstreamQuestionPending()),
        () => undefined,
      );
    }, leaseMs / 3);
    try {
      const answer = await question.ask(lost.signal);
      await this.answers.answer(key, token, answer, question.lifeOf(answer, this.config));
      return answer;
    } catch (error) {
      await this.answers.giveUp(key, token);
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }
}
