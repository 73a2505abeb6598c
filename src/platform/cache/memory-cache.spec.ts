import { describe, expect, it } from 'vitest';
import { MemoryCache } from './memory-cache.js';

function cacheAt(options: { maxEntries?: number; keeps?: (value: number) => boolean } = {}) {
  const clock = { ms: 0 };
  const cache = new MemoryCache<number>({ lifeMs: 1000, maxEntries: 10, ...options }, () => clock.ms);
  let loads = 0;
  return { clock, cache, load: () => Promise.resolve(++loads), loads: () => loads };
}

describe('a memory cache', () => {
  it('reads once while the value lives, counted from the start of the reading', async () => {
    const { clock, cache, load, loads } = cacheAt();
    await cache.get('a', load);
    clock.ms = 999;
    expect(await cache.get('a', load)).toEqual({ value: 1, readAtMs: 0 });
    clock.ms = 1000;
    expect(await cache.get('a', load)).toEqual({ value: 2, readAtMs: 1000 });
    expect(loads()).toBe(2);
  });

  it('shares one reading between those who ask at the same time', async () => {
    const { cache, load, loads } = cacheAt();
    await Promise.all(Array.from({ length: 50 }, () => cache.get('a', load)));
    expect(loads()).toBe(1);
  });

  it('does not keep a reading that was forgotten while it ran', async () => {
    const { cache, loads, load } = cacheAt();
    const running = cache.get('a', load);
    cache.forget('a');
    expect((await running).value).toBe(1);
    expect((await cache.get('a', load)).value).toBe(2);
    expect(loads()).toBe(2);
  });

  it('keeps neither failures nor values it is told not to keep', async () => {
    const { cache, load } = cacheAt({ keeps: (value) => value > 1 });
    await expect(cache.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect((await cache.get('a', load)).value).toBe(1);
    expect(cache.size).toBe(0);
    expect((await cache.get('a', load)).value).toBe(2);
    expect(cache.size).toBe(1);
  });

  it('never holds more than its limit, and drops the oldest first', async () => {
    const { cache, load, loads } = cacheAt({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c', 'd']) await cache.get(key, load);
    expect(cache.size).toBe(3);
    await cache.get('d', load);
    expect(loads()).toBe(4);
    await cache.get('a', load);
    expect(loads()).toBe(5);
  });
});
