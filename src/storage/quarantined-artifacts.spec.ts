import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import type { Transactions } from '../platform/database/transactions.js';
import type { QuarantinedArtifactsRepository } from './persistence/quarantined-artifacts.repository.js';
import { QuarantinedArtifacts } from './quarantined-artifacts.service.js';

let stored: Set<string>;
let isAway: boolean;
let reads: number;
let changes: CacheInvalidation;
let quarantined: QuarantinedArtifacts;

const rows = {
  keys: async () => {
    reads += 1;
    if (isAway) throw new Error('away');
    return [...stored];
  },
  has: async (key: string) => stored.has(key),
  lock: async () => undefined,
  add: async (keys: string[]) => keys.filter((key) => !stored.has(key) && stored.add(key)).length,
  remove: async (keys: string[]) => keys.filter((key) => stored.delete(key)).length,
} as unknown as QuarantinedArtifactsRepository;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  stored = new Set(['bad']);
  isAway = false;
  reads = 0;
  const afterCommit = (work: () => void) => work();
  changes = new CacheInvalidation({ afterCommit } as unknown as Transactions);
  quarantined = new QuarantinedArtifacts(rows, changes);
});
afterEach(() => vi.useRealTimers());

describe('quarantined objects', () => {
  it('are known without a statement per request', async () => {
    expect(quarantined.hasNow('bad')).toBeUndefined();
    for (let request = 0; request < 10; request += 1) {
      expect([await quarantined.has('bad'), await quarantined.has('good')]).toEqual([true, false]);
      expect([quarantined.hasNow('bad'), quarantined.hasNow('good')]).toEqual([true, false]);
    }
    expect(reads).toBe(1);
  });

  it('are never known for longer than a second when the news is lost', async () => {
    expect(await quarantined.has('worse')).toBe(false);
    stored.add('worse');
    vi.advanceTimersByTime(999);
    expect(quarantined.hasNow('worse')).toBe(false);
    await vi.waitFor(() => expect(quarantined.hasNow('worse')).toBe(true));
    stored.delete('worse');
    vi.advanceTimersByTime(1_000);
    expect(quarantined.hasNow('worse')).toBeUndefined();
    expect(await quarantined.has('worse')).toBe(false);
  });

  it('are read again at once after news, also when they are being read', async () => {
    const before = quarantined.has('worse');
    stored.add('worse');
    changes.forget('settings');
    const after = quarantined.has('worse');
    expect(await after).toBe(true);
    await before;
    expect(await quarantined.has('worse')).toBe(true);
  });

  it('stay those that were known last while the database is away, and are nobody knows when it always was', async () => {
    await quarantined.has('bad');
    isAway = true;
    vi.advanceTimersByTime(5_000);
    expect(await quarantined.has('bad')).toBe(true);
    expect(await quarantined.has('good')).toBe(false);
    await expect(new QuarantinedArtifacts(rows, changes).has('bad')).rejects.toThrow('away');
  });

  it.each([
    [9_999, false],
    [10_000, undefined],
  ])('are asked for one by one when memory holds not all of them: %i held', async (held, inMemory) => {
    stored = new Set(Array.from({ length: held }, (_, index) => `bad ${index}`));
    expect(await quarantined.has('bad 0')).toBe(true);
    expect(quarantined.hasNow('beyond')).toBe(inMemory);
    stored.add('beyond');
    expect(await quarantined.has('beyond')).toBe(inMemory === undefined);
  });

  it('are what quarantined versions use and no version that is served', async () => {
    const use = (key: string, isQuarantined: boolean, isServed: boolean) => ({
      key,
      isQuarantined,
      isServed,
    });
    await quarantined.settle(['name'], async () => [
      use('only bad', true, false),
      use('shared', true, false),
      use('shared', false, true),
      use('good', false, true),
      use('left', false, false),
      use('bad', false, true),
    ]);
    expect([...stored]).toEqual(['only bad']);
    expect(await quarantined.has('only bad')).toBe(true);
  });
});
