import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StorageMigrationPace } from './storage-migration-pace.js';

const NEVER = new AbortController().signal;

describe('the pace of a storage migration', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lets everything pass at once without a limit', async () => {
    const pace = new StorageMigrationPace(0);
    await pace.take(1_000_000_000, NEVER);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('measures what was read since it was asked last', async () => {
    const pace = new StorageMigrationPace(0);
    await pace.take(3000, NEVER);
    vi.advanceTimersByTime(1500);
    expect(pace.measure()).toBe(2000);
    vi.advanceTimersByTime(1000);
    expect(pace.measure()).toBe(0);
  });
});

describe('a limited pace', () => {
  it('makes all readers together wait for their share, and stops waiting when it is told to', async () => {
    const pace = new StorageMigrationPace(100_000);
    const begunMs = performance.now();
    await Promise.all([1, 2, 3, 4].map(() => pace.take(5000, NEVER)));
    expect(performance.now() - begunMs).toBeGreaterThanOrEqual(190);
    const stop = new AbortController();
    const waiting = pace.take(1_000_000_000, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow();
  });
});
