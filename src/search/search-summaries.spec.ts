import { beforeEach, describe, expect, it } from 'vitest';
import { SearchSummaries } from './search-summaries.js';

const summaryOf = (total: number) => ({
  total,
  facets: { kind: [], namespace: [], system: [], provider: [] },
});

describe('totals and facets of large results', () => {
  let nowMs: number;
  let counts: number;
  let summaries: SearchSummaries;
  const get = (key: string, total: number) =>
    summaries.get(key, () => {
      counts += 1;
      return Promise.resolve(summaryOf(total));
    });

  beforeEach(() => {
    nowMs = 0;
    counts = 0;
    summaries = new SearchSummaries(() => nowMs);
  });

  it('are held for a minute', async () => {
    expect((await get('a', 1_000)).total).toBe(1_000);
    nowMs = 59_999;
    expect((await get('a', 2_000)).total).toBe(1_000);
    nowMs = 60_000;
    expect((await get('a', 2_000)).total).toBe(2_000);
    expect(counts).toBe(2);
  });

  it('should be counted again after five seconds', async () => {
    await get('a', 1_000);
    nowMs = 4_999;
    expect(summaries.isStale('a')).toBe(false);
    nowMs = 5_000;
    expect(summaries.isStale('a')).toBe(true);
    const counting = summaries.count('a', () => Promise.resolve(summaryOf(3_000)));
    expect(summaries.isStale('a')).toBe(false);
    await counting;
    expect((await get('a', 0)).total).toBe(3_000);
  });

  it('of small results are counted every time', async () => {
    await get('a', 999);
    expect((await get('a', 998)).total).toBe(998);
  });

  it('are counted once for all who ask at the same time', async () => {
    await Promise.all([get('a', 10), get('a', 10), get('b', 10)]);
    expect(counts).toBe(2);
  });

  it('are not held when counting failed', async () => {
    await expect(summaries.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect((await get('a', 5)).total).toBe(5);
  });

  it('are held for 500 questions', async () => {
    for (let at = 0; at <= 500; at += 1) await get(`key ${at}`, 5_000);
    await get('key 1', 5_000);
    expect(counts).toBe(501);
    await get('key 0', 5_000);
    expect(counts).toBe(502);
  });
});
