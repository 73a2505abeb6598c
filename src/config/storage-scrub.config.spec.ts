import { describe, expect, it } from 'vitest';
import { ConfigProblems } from './config-problems.js';
import { loadConfig } from './load-config.js';
import type { StorageScrubConfig } from './storage-scrub.config.js';

const SECRETS = {
  TFR_DATABASE_URL: 'postgres://registry@localhost/registry',
  ENCRYPTION_KEY: 'hex:8f1d3c5b7a9e0246813579bdf02468ace13579bdf0a1b2c3d4e5f60718293a4b',
  TFR_JWT_SECRET: 'TEST-ONLY-8f1d3c5b7a9e0246813579bdf02468',
};

function load(env: Record<string, string> = {}): StorageScrubConfig {
  return loadConfig({ env: { ...SECRETS, ...env }, argv: [], cwd: '/nowhere', generateSecrets: false }).config
    .storageScrub;
}

describe('the settings of the scrub', () => {
  it('read everything within a month unless told otherwise', () => {
    expect(load()).toMatchObject({
      enabled: true,
      intervalMs: 30 * 86_400_000,
      maxBytesPerSecond: 20 * 1024 ** 2,
    });
  });

  it.each([
    ['TFR_STORAGE_SCRUB_INTERVAL', '0', { intervalMs: 0 }],
    ['TFR_STORAGE_SCRUB_INTERVAL', '3650d', { intervalMs: 3650 * 86_400_000 }],
    ['TFR_STORAGE_SCRUB_MAX_BYTES_PER_SECOND', '1KiB', { maxBytesPerSecond: 1024 }],
    ['TFR_STORAGE_SCRUB_ENABLED', 'false', { enabled: false }],
  ])('%s may be %s', (name, value, expected) => {
    expect(load({ [name]: value })).toMatchObject(expected);
  });

  it.each([
    ['TFR_STORAGE_SCRUB_INTERVAL', '3651d', 'expected a duration such as'],
    ['TFR_STORAGE_SCRUB_MAX_BYTES_PER_SECOND', '1023', 'of at least 1KiB'],
    ['TFR_STORAGE_SCRUB_MAX_BYTES_PER_SECOND', '0', 'of at least 1KiB'],
    ['TFR_STORAGE_SCRUB_ENABLED', 'perhaps', 'expected true, false, 1 or 0'],
  ])('%s may not be %s', (name, value, message) => {
    let problem: unknown;
    try {
      load({ [name]: value });
    } catch (error) {
      problem = error;
    }
    expect(problem).toBeInstanceOf(ConfigProblems);
    expect((problem as Error).message).toContain(message);
  });
});
