import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.js';

const SECRETS = {
  TFR_DATABASE_URL: 'postgres://registry@localhost/registry',
  ENCRYPTION_KEY: 'hex:8f1d3c5b7a9e0246813579bdf02468ace13579bdf0a1b2c3d4e5f60718293a4b',
  TFR_JWT_SECRET: 'TEST-ONLY-8f1d3c5b7a9e0246813579bdf02468',
};
const load = (env: Record<string, string> = {}) =>
  loadConfig({ env: { ...SECRETS, ...env }, argv: [], cwd: '/', generateSecrets: false }).config
    .storageMigration;

describe('the settings of storage migrations', () => {
  it('move four objects at a time, as fast as it goes', () => {
    expect(load()).toEqual({ concurrency: 4, maxBytesPerSecond: 0 });
  });

  it('TFR_STORAGE_MIGRATION_CONCURRENCY is between 1 and 64', () => {
    for (const value of ['1', '64'])
      expect(load({ TFR_STORAGE_MIGRATION_CONCURRENCY: value }).concurrency).toBe(Number(value));
    for (const value of ['0', '65', '-1', 'many'])
      expect(() => load({ TFR_STORAGE_MIGRATION_CONCURRENCY: value })).toThrow('concurrency');
  });

  it('TFR_STORAGE_MIGRATION_MAX_BYTES_PER_SECOND is a size, zero for no limit', () => {
    const limit = (value: string) =>
      load({ TFR_STORAGE_MIGRATION_MAX_BYTES_PER_SECOND: value }).maxBytesPerSecond;
    expect([limit('0'), limit('1'), limit('20MiB')]).toEqual([0, 1, 20 * 1024 * 1024]);
    for (const value of ['-1', 'fast']) expect(() => limit(value)).toThrow('max_bytes_per_second');
  });
});
