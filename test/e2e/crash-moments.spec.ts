import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CrashRegistry, publishJob } from '../support/crash-registry.js';

/** Set PUBLISH_CRASHES for more (50 before a release), and CRASH_SEED to repeat a run. */
const MOMENTS = Number(process.env['PUBLISH_CRASHES'] || 6);
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);

/** Numbers from 0 to 1 that are the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a registry that is killed at random moments while it publishes', () => {
  let registry: CrashRegistry;

  beforeAll(async () => {
    registry = await CrashRegistry.start();
  });
  afterAll(() => registry?.dispose());

  it(`loses nothing and keeps nothing in ${MOMENTS} crashes (seed ${SEED})`, async () => {
    const random = randomNumbers(SEED);
    let interrupted = 0;
    for (let moment = 0; moment < MOMENTS; moment += 1) {
      const kinds = ['module', 'provider', 'module', 'provider'] as const;
      const jobs = kinds.map((kind, index) => publishJob(kind, `moment-${moment}-${index}`));
      const running = jobs.map((job) => registry.publish(job).catch(() => undefined));
      await sleep(random() * 100);
      await registry.process.kill();
      interrupted += (await Promise.all(running)).filter((answer) => answer === undefined).length;
      await registry.process.launch();
      await Promise.all(jobs.map((job) => registry.expectPublished(job)));
    }
    expect(interrupted, 'crashes that hit a publish').toBeGreaterThan(MOMENTS / 2);
    await registry.expectNothingLostNorLeft();
  }, 600_000);
});
