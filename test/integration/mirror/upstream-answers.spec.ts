import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MirrorConfig } from '../../../src/config/mirror.config.js';
import { UpstreamAnswersRepository } from '../../../src/mirror/persistence/upstream-answers.repository.js';
import { type Question, UpstreamAnswers } from '../../../src/mirror/pull-through/upstream-answers.service.js';
import { uniqueName } from '../../support/factories/names.js';
import { TestApp } from '../../support/test-app.js';

describe('Questions to upstreams', () => {
  let app: TestApp;
  let key: string;
  let asked: number;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app?.stop());
  beforeEach(() => {
    key = uniqueName('question');
    asked = 0;
  });

  /** Each is what another process would have: nothing is shared but the database. */
  const process = (leaseMs = 60_000): UpstreamAnswers =>
    new UpstreamAnswers(app.get(UpstreamAnswersRepository), Object.assign(new MirrorConfig(), { leaseMs }));
  const question = (changes: Partial<Question<string>> = {}): Question<string> => ({
    key,
    waitMs: 20_000,
    ask: async () => {
      asked += 1;
      await wait(100);
      return 'the answer';
    },
    lifeOf: () => 60_000,
    ...changes,
  });

  it('are asked once for five hundred who want to know, in five processes', async () => {
    const processes = Array.from({ length: 5 }, () => process());
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, index) => processes[index % 5]!.get(question())),
    );
    expect(new Set(answers)).toEqual(new Set(['the answer']));
    expect(asked).toBe(1);
  });

  it('are asked again when their answer is too old', async () => {
    await process().get(question({ lifeOf: () => 0 }));
    await process().get(question());
    await process().get(question());
    expect(asked).toBe(2);
  });

  it('fail for those who wait in the same process, and are asked anew by the next', async () => {
    const failing = question({
      ask: async () => {
        asked += 1;
        await wait(20);
        throw new Error('no answer');
      },
    });
    const one = process();
    const results = await Promise.allSettled([one.get(failing), one.get(failing)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(asked).toBe(1);
    expect(await process().get(question())).toBe('the answer');
  });

  it('are taken over when the process that asks is gone', async () => {
    const repository = app.get(UpstreamAnswersRepository);
    expect((await repository.take(key, 300)).kind).toBe('taken');
    expect(await process().get(question())).toBe('the answer');
    expect(asked).toBe(1);
  });

  it('stay with the process that asks for longer than its lease', async () => {
    const slow = question({
      ask: async () => {
        asked += 1;
        await wait(1_500);
        return 'the answer';
      },
    });
    const answers = await Promise.all([process(600).get(slow), process(600).get(slow)]);
    expect(answers).toEqual(['the answer', 'the answer']);
    expect(asked).toBe(1);
  });

  it('are given up, and their answer is not stored, by a process that lost the lease', async () => {
    const repository = app.get(UpstreamAnswersRepository);
    const first = await repository.take(key, 0);
    const second = await repository.take(key, 60_000);
    if (first.kind !== 'taken' || second.kind !== 'taken') throw new Error('both should have got it');
    expect(await repository.renew(key, first.token, 60_000)).toBe(false);
    expect(await repository.answer(key, first.token, 'late', 60_000)).toBe(false);
    expect(await repository.answer(key, second.token, 'right', 60_000)).toBe(true);
    expect(await repository.take(key, 60_000)).toEqual({ kind: 'answered', answer: 'right' });
  });

  it('are not waited for longer than was said', async () => {
    await app.get(UpstreamAnswersRepository).take(key, 60_000);
    await expect(process().get(question({ waitMs: 120 }))).rejects.toMatchObject({
      code: 'upstream_question_pending',
    });
    expect(asked).toBe(0);
  });
});
