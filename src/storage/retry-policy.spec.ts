import { describe, expect, it } from 'vitest';
import { pauseBeforeRetry, retryDelayMs } from './retry-policy.js';

const POLICY = { maxAttempts: 9, retryBaseDelayMs: 100, retryMaxDelayMs: 1000 };

describe('the pause before another attempt', () => {
  it('has a limit that doubles up to the longest of all', () => {
    const limits = [1, 2, 3, 4, 5, 60].map((failures) => retryDelayMs(POLICY, failures, () => 1));
    expect(limits).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('is any time between nothing and its limit', () => {
    expect(retryDelayMs(POLICY, 3, () => 0)).toBe(0);
    expect(retryDelayMs(POLICY, 3, () => 0.25)).toBe(100);
    const delays = new Set(Array.from({ length: 50 }, () => retryDelayMs(POLICY, 3)));
    expect(delays.size).toBeGreaterThan(40);
    expect(Math.max(...delays)).toBeLessThanOrEqual(400);
  });

  it('ends at once, with the reason, when the caller gives up', async () => {
    const abort = new AbortController();
    const waiting = pauseBeforeRetry(3_600_000, abort.signal);
    abort.abort(new Error('client left'));
    await expect(waiting).rejects.toThrow('client left');
    await expect(pauseBeforeRetry(3_600_000, abort.signal)).rejects.toThrow('client left');
  });
});
