import { describe, expect, it } from 'vitest';
import { ReadPace } from './read-pace.js';

/** A pace on a clock that only waiting moves. */
function paceOf(bytesPerSecond: number) {
  const clock = { ms: 0, waits: 0 };
  const wait = (ms: number) => {
    clock.ms += ms;
    clock.waits += 1;
    return Promise.resolve();
  };
  return { clock, pace: new ReadPace(bytesPerSecond, () => clock.ms, wait) };
}

describe('the pace of reading', () => {
  it.each([
    [1_000, 64, 500],
    [1_000_000, 65_536, 40],
    [20_971_520, 262_144, 400],
  ])('of %d bytes per second is kept with pieces of %d', async (rate, piece, pieces) => {
    const { clock, pace } = paceOf(rate);
    for (let n = 0; n < pieces; n += 1) await pace.take(piece);
    const wantedMs = ((piece * pieces) / rate) * 1000;
    expect(clock.ms).toBeGreaterThan(wantedMs - 25);
    expect(clock.ms).toBeLessThanOrEqual(wantedMs + 1);
  });

  it('saves short pauses up', async () => {
    const { clock, pace } = paceOf(1_000_000);
    for (let n = 0; n < 1_000; n += 1) await pace.take(100);
    expect(clock.waits).toBeLessThan(10);
  });

  it('is not faster afterwards because nothing was read for long', async () => {
    const { clock, pace } = paceOf(1_000);
    await pace.take(1_000);
    clock.ms += 60_000;
    const before = clock.ms;
    for (let n = 0; n < 10; n += 1) await pace.take(1_000);
    expect(clock.ms - before).toBeGreaterThan(9_900);
  });

  it('ends when it is told to', async () => {
    const pace = new ReadPace(1);
    const stop = new AbortController();
    const waiting = pace.take(1_000, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });
});
