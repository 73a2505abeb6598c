import { describe, expect, it } from 'vitest';
import { MemoryRateLimitStore } from './memory-rate-limit-store.js';

describe('a token bucket', () => {
  const size = { perMinute: 60, burst: 3 };
  const at = () => {
    const clock = { nowMs: 0 };
    return { clock, store: new MemoryRateLimitStore(() => clock.nowMs, 2) };
  };

  it('gives its burst at once, then one token per interval', () => {
    const { clock, store } = at();
    expect([1, 2, 3, 4].map(() => store.take('a', size).allowed)).toEqual([true, true, true, false]);
    expect(store.take('a', size)).toEqual({ allowed: false, remaining: 0, retryAfterSeconds: 1 });
    clock.nowMs += 1000;
    expect([1, 2].map(() => store.take('a', size).allowed)).toEqual([true, false]);
  });

  it('never holds more than its burst, and says how much is left', () => {
    const { clock, store } = at();
    clock.nowMs += 3_600_000;
    expect([1, 2, 3].map(() => store.take('a', size).remaining)).toEqual([2, 1, 0]);
  });

  it('is refilled by waiting, not by asking', () => {
    const { clock, store } = at();
    for (let i = 0; i < 3; i += 1) store.take('a', size);
    for (let i = 0; i < 10; i += 1) {
      clock.nowMs += 99;
      expect(store.take('a', size).allowed).toBe(false);
    }
    clock.nowMs += 11;
    expect(store.take('a', size).allowed).toBe(true);
  });

  it('takes a token back, and holds no more than its burst then', () => {
    const { store } = at();
    const remaining = () => store.take('a', size).remaining;
    expect([remaining(), remaining()]).toEqual([2, 1]);
    store.giveBack('a', size);
    expect(remaining()).toBe(1);
    for (let i = 0; i < 5; i += 1) store.giveBack('a', size);
    expect(remaining()).toBe(2);
    store.giveBack('never used', size);
    expect(store.take('never used', size).remaining).toBe(2);
  });

  it('is forgotten when there are too many, the one used least recently first', () => {
    const { store } = at();
    store.take('a', size);
    store.take('b', size);
    store.take('a', size);
    store.take('c', size);
    expect(['c', 'a', 'b'].map((key) => store.take(key, size).remaining)).toEqual([1, 0, 2]);
  });
});
