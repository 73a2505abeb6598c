import { describe, expect, it } from 'vitest';
import { RunPace } from './run-pace.js';

describe('the pace of a run', () => {
  /** A process whose time passes as a test says, and the pauses that were made in it. */
  function processWith(share: number, computedInPauses = 0, quiet = (_nowMs: number) => 0) {
    let now = 0;
    let computed = 0;
    const pauses: number[] = [];
    const pause = (forMs: number): Promise<void> => {
      pauses.push(forMs);
      now += forMs;
      computed += computedInPauses;
      return Promise.resolve();
    };
    const time = { now: () => now, computed: () => computed, quiet: () => quiet(now), pause };
    const pace = new RunPace(share, new AbortController().signal, time);
    /** Works for a while, of which so much is computing, and rests then. */
    const work = (lastsMs: number, computesMs: number): Promise<void> => {
      now += lastsMs;
      computed += computesMs;
      return pace.rest();
    };
    return { work, pauses };
  }

  it('makes up for what was computed', async () => {
    const { work, pauses } = processWith(25);
    await work(100, 100);
    await work(100, 100);
    expect(pauses).toEqual([300, 300]);
  });

  it('counts what was waited for anyhow', async () => {
    const { work, pauses } = processWith(25);
    await work(350, 100);
    await work(1_000, 10);
    await work(100, 25);
    expect(pauses).toEqual([50]);
  });

  it('does not count what readers were answered during a pause', async () => {
    const { work, pauses } = processWith(25, 200);
    await work(100, 100);
    await work(100, 100);
    expect(pauses).toEqual([300, 300]);
  });

  it('never lasts longer than five seconds, and begins anew then', async () => {
    const { work, pauses } = processWith(1);
    await work(50, 50);
    await work(51, 51);
    await work(100, 1);
    expect(pauses).toEqual([4_950, 5_000]);
  });

  it('makes no pauses with all of a core, and does with a percent less', async () => {
    const all = processWith(100);
    await all.work(10, 1_000);
    expect(all.pauses).toEqual([]);
    const less = processWith(99);
    await less.work(99, 99);
    expect(less.pauses).toEqual([1]);
  });

  it('makes no pauses while nobody has asked for anything for ten seconds', async () => {
    let askedAtMs = Number.NEGATIVE_INFINITY;
    const { work, pauses } = processWith(25, 0, (nowMs) => nowMs - askedAtMs);
    await work(100, 100);
    expect(pauses).toEqual([]);
    askedAtMs = 150;
    await work(100, 100);
    await work(9_650, 9_650);
    expect(pauses).toEqual([300, 5_000]);
    await work(100, 100);
    expect(pauses).toHaveLength(2);
  });

  it('ends when the run does', async () => {
    let computed = 0;
    const ending = new AbortController();
    const { setTimeout: wait } = await import('node:timers/promises');
    const time = {
      now: () => 0,
      computed: () => (computed += 1_000),
      quiet: () => 0,
      pause: (forMs: number, signal: AbortSignal) => wait(forMs, undefined, { signal }),
    };
    const rest = new RunPace(1, ending.signal, time).rest();
    ending.abort();
    await expect(rest).resolves.toBeUndefined();
  });
});
