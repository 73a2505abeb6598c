import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.js';

const SECRETS = {
  TFR_DATABASE_URL: 'postgres://registry@localhost/registry',
  ENCRYPTION_KEY: 'hex:8f1d3c5b7a9e0246813579bdf02468ace13579bdf0a1b2c3d4e5f60718293a4b',
  TFR_JWT_SECRET: 'TEST-ONLY-8f1d3c5b7a9e0246813579bdf02468',
};
const load = (env: Record<string, string> = {}) =>
  loadConfig({ env: { ...SECRETS, ...env }, argv: [], cwd: '/', generateSecrets: false }).config
    .storageResilience;

describe('the settings for storages that fail', () => {
  it('give up an unanswered request after 4 s, and leave a dead storage alone before 10 s are over', () => {
    const settings = load();
    expect(settings).toEqual({
      timeoutMs: 4000,
      idleTimeoutMs: 10_000,
      maxAttempts: 4,
      retryBaseDelayMs: 100,
      retryMaxDelayMs: 2000,
      breakerFailures: 10,
      breakerOpenAfterMs: 7000,
      breakerOpenForMs: 5000,
    });
    // Two requests, one after the other, that a silent storage never answers.
    const opensAfterMs = 2 * settings.timeoutMs;
    expect(opensAfterMs).toBeGreaterThanOrEqual(settings.breakerOpenAfterMs);
    expect(opensAfterMs + settings.retryBaseDelayMs).toBeLessThan(10_000);
  });

  it.each([
    ['TFR_STORAGE_TIMEOUT', '100ms', '10m', '99ms', '10m1ms'],
    ['TFR_STORAGE_IDLE_TIMEOUT', '100ms', '10m', '99ms', '10m1ms'],
    ['TFR_STORAGE_RETRY_MAX_ATTEMPTS', '1', '20', '0', '21'],
    ['TFR_STORAGE_RETRY_BASE_DELAY', '1ms', '1m', '0', '1m1ms'],
    ['TFR_STORAGE_RETRY_MAX_DELAY', '1ms', '10m', '0', '10m1ms'],
    ['TFR_STORAGE_BREAKER_FAILURES', '1', '1000', '0', '1001'],
    ['TFR_STORAGE_BREAKER_OPEN_AFTER', '100ms', '10m', '99ms', '10m1ms'],
    ['TFR_STORAGE_BREAKER_OPEN_FOR', '100ms', '10m', '99ms', '10m1ms'],
  ])('%s is between %s and %s (boundary)', (name, least, most, below, above) => {
    for (const value of [least, most]) expect(() => load({ [name]: value })).not.toThrow();
    for (const value of [below, above]) expect(() => load({ [name]: value })).toThrow(name);
  });
});
