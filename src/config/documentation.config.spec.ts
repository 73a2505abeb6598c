import { describe, expect, it } from 'vitest';
import type { AppConfig } from './app-config.js';
import { ConfigProblems } from './config-problems.js';
import { loadConfig } from './load-config.js';

const SECRETS = {
  TFR_DATABASE_URL: 'postgres://registry@localhost/registry',
  ENCRYPTION_KEY: 'hex:8f1d3c5b7a9e0246813579bdf02468ace13579bdf0a1b2c3d4e5f60718293a4b',
  TFR_JWT_SECRET: 'TEST-ONLY-8f1d3c5b7a9e0246813579bdf02468',
};
const MIB = 1024 ** 2;

function load(env: Record<string, string> = {}): AppConfig {
  return loadConfig({ env: { ...SECRETS, ...env }, argv: [], cwd: '/nowhere', generateSecrets: false })
    .config;
}

describe('the settings of the documentation', () => {
  it('allow 5 seconds and 256 MiB unless told otherwise, and check no version numbers', () => {
    expect(load().documentation).toMatchObject({
      timeoutMs: 5_000,
      maxHeapBytes: 256 * MIB,
      maxSourceBytes: 16 * MIB,
      maxFileBytes: MIB,
      maxResultBytes: 8 * MIB,
      workerIdleMs: 30_000,
      maxConcurrentFiles: 2,
      reanalysisPauseMs: 100,
    });
    expect(load().publishing.versionCheck).toBe('off');
  });

  it.each([
    ['TIMEOUT', '50ms', '5m'],
    ['MAX_HEAP', '32MiB', '8192MiB'],
    ['MAX_SOURCE_SIZE', '1KiB', '16MiB'],
    ['MAX_FILE_SIZE', '1KiB', '1MiB'],
    ['MAX_RESULT_SIZE', '1KiB', '64MiB'],
    ['WORKER_IDLE', '0', '60m'],
    ['MAX_CONCURRENT_FILES', '1', '100'],
    ['REANALYSIS_PAUSE', '0', '10m'],
  ])('%s may be %s to %s', (name, least, most) => {
    for (const value of [least, most]) {
      expect(() => load({ [`TFR_DOCUMENTATION_${name}`]: value })).not.toThrow();
    }
  });

  it.each([
    ['TFR_DOCUMENTATION_TIMEOUT', '49ms'],
    ['TFR_DOCUMENTATION_TIMEOUT', '301s'],
    ['TFR_DOCUMENTATION_MAX_HEAP', '31MiB'],
    ['TFR_DOCUMENTATION_MAX_SOURCE_SIZE', '17MiB'],
    ['TFR_DOCUMENTATION_MAX_FILE_SIZE', '1023'],
    ['TFR_DOCUMENTATION_MAX_FILE_SIZE', '2MiB'],
    ['TFR_DOCUMENTATION_MAX_RESULT_SIZE', '65MiB'],
    ['TFR_DOCUMENTATION_WORKER_IDLE', '61m'],
    ['TFR_DOCUMENTATION_MAX_CONCURRENT_FILES', '0'],
    ['TFR_DOCUMENTATION_REANALYSIS_PAUSE', '11m'],
    ['TFR_PUBLISHING_VERSION_CHECK', 'maybe'],
  ])('%s may not be %s', (name, value) => {
    expect(() => load({ [name]: value })).toThrow(ConfigProblems);
  });
});
