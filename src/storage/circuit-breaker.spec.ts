import { beforeEach, describe, expect, it } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.js';

const POLICY = { breakerFailures: 3, breakerOpenAfterMs: 8000, breakerOpenForMs: 5000 };
let nowMs: number;
let changes: string[];
let breaker: CircuitBreaker;

beforeEach(() => {
  nowMs = 0;
  changes = [];
  breaker = new CircuitBreaker(
    POLICY,
    (from, to) => changes.push(`${from} → ${to}`),
    () => nowMs,
  );
});

const attempt = (outcome: 'succeeded' | 'failed' | 'withdrawn') => breaker.admit()![outcome]();
const failTimes = (times: number) => {
  for (let at = 0; at < times; at++) attempt('failed');
};

describe('a circuit breaker', () => {
  it('opens after so many failures in a row, not before (boundary)', () => {
    failTimes(POLICY.breakerFailures - 1);
    expect(breaker.state).toBe('closed');
    failTimes(1);
    expect(breaker.state).toBe('open');
    expect(breaker.admit()).toBeUndefined();
  });

  it('begins to count anew after a success', () => {
    for (let round = 0; round < 10; round++) {
      failTimes(POLICY.breakerFailures - 1);
      attempt('succeeded');
    }
    expect(changes).toEqual([]);
  });

  it('opens after two failures when the first of them began long ago, as with a store that never answers', () => {
    const first = breaker.admit()!;
    nowMs = 4000;
    first.failed();
    const second = breaker.admit()!;
    nowMs = POLICY.breakerOpenAfterMs;
    second.failed();
    expect(breaker.state).toBe('open');
  });

  it('stays closed after two failures within that time, and after one that took longer (boundary)', () => {
    const first = breaker.admit()!;
    const second = breaker.admit()!;
    nowMs = POLICY.breakerOpenAfterMs - 1;
    first.failed();
    second.failed();
    expect(breaker.state).toBe('closed');
    attempt('succeeded');
    const slow = breaker.admit()!;
    nowMs += 60_000;
    slow.failed();
    expect(breaker.state).toBe('closed');
  });

  it('says how long the store is left alone, and lets one attempt through then', () => {
    failTimes(3);
    nowMs += 1000;
    expect(breaker.admitsInMs).toBe(4000);
    nowMs += 3999;
    expect(breaker.admit()).toBeUndefined();
    nowMs += 1;
    expect(breaker.admitsInMs).toBe(0);
    expect(breaker.admit()).toBeDefined();
    expect(breaker.state).toBe('half-open');
    expect(breaker.admit()).toBeUndefined();
  });

  it('closes when that attempt succeeds', () => {
    failTimes(3);
    nowMs += 5000;
    attempt('succeeded');
    expect(changes).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
    expect(breaker.admitsInMs).toBe(0);
  });

  it('leaves the store alone once more when that attempt fails', () => {
    failTimes(3);
    nowMs += 5000;
    attempt('failed');
    expect(breaker.state).toBe('open');
    expect(breaker.admitsInMs).toBe(5000);
    nowMs += 5000;
    attempt('succeeded');
    expect(breaker.state).toBe('closed');
  });

  it('lets the next attempt through at once when the one was given up', () => {
    failTimes(3);
    nowMs += 5000;
    attempt('withdrawn');
    attempt('succeeded');
    expect(breaker.state).toBe('closed');
  });

  it('does not wait for the end of a long attempt', () => {
    failTimes(3);
    nowMs += 5000;
    const upload = breaker.admit()!;
    nowMs += 5000;
    attempt('succeeded');
    expect(breaker.state).toBe('closed');
    upload.failed();
    expect(changes.at(-1)).toBe('half-open → closed');
  });

  it('takes no notice of attempts that began before it opened', () => {
    const [late, later] = [breaker.admit()!, breaker.admit()!];
    failTimes(3);
    late.succeeded();
    later.failed();
    expect(breaker.state).toBe('open');
    nowMs += 5000;
    attempt('succeeded');
    expect(breaker.state).toBe('closed');
  });

  it('counts an attempt that was given up neither way', () => {
    failTimes(2);
    attempt('withdrawn');
    failTimes(1);
    expect(breaker.state).toBe('open');
  });
});
