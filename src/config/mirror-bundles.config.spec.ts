import { describe, expect, it } from 'vitest';
import { ConfigProblems } from './config-problems.js';
import { loadConfig } from './load-config.js';
import type { MirrorConfig } from './mirror.config.js';

const SECRETS = {
  TFR_DATABASE_URL: 'postgres://registry@localhost/registry',
  ENCRYPTION_KEY: 'hex:8f1d3c5b7a9e0246813579bdf02468ace13579bdf0a1b2c3d4e5f60718293a4b',
  TFR_JWT_SECRET: 'TEST-ONLY-8f1d3c5b7a9e0246813579bdf02468',
};
const [ONE, OTHER] = ['a1'.repeat(20), 'B2'.repeat(20)];

function load(env: Record<string, string> = {}): MirrorConfig {
  return loadConfig({ env: { ...SECRETS, ...env }, argv: [], cwd: '/nowhere', generateSecrets: false }).config
    .mirror;
}

describe('the settings of retention and bundles', () => {
  it('look once a day and take bundles whose signer is named, unless told otherwise', () => {
    expect(load()).toMatchObject({
      retentionIntervalMs: 86_400_000,
      bundleMaxBytes: 20 * 1024 ** 3,
      bundleSigners: [],
    });
  });

  it.each([
    ['TFR_MIRROR_RETENTION_INTERVAL', '1m', { retentionIntervalMs: 60_000 }],
    ['TFR_MIRROR_RETENTION_INTERVAL', '30d', { retentionIntervalMs: 30 * 86_400_000 }],
    ['TFR_MIRROR_BUNDLE_MAX_SIZE', '1MiB', { bundleMaxBytes: 1024 ** 2 }],
    ['TFR_MIRROR_BUNDLE_MAX_SIZE', '1024GiB', { bundleMaxBytes: 1024 ** 4 }],
    ['TFR_MIRROR_BUNDLE_SIGNERS', `${ONE},${OTHER}`, { bundleSigners: [ONE, OTHER] }],
  ])('%s may be %s', (name, value, expected) => {
    expect(load({ [name]: value })).toMatchObject(expected);
  });

  it.each([
    ['TFR_MIRROR_RETENTION_INTERVAL', '59s', 'expected a duration such as'],
    ['TFR_MIRROR_RETENTION_INTERVAL', '31d', 'expected a duration such as'],
    ['TFR_MIRROR_BUNDLE_MAX_SIZE', '1023KiB', 'from 1MiB to 1024GiB'],
    ['TFR_MIRROR_BUNDLE_MAX_SIZE', '1025GiB', 'from 1MiB to 1024GiB'],
    ['TFR_MIRROR_BUNDLE_SIGNERS', `${ONE},${OTHER}0`, 'expected fingerprints of 40 hex digits'],
    ['TFR_MIRROR_BUNDLE_SIGNERS', 'somebody', 'found "somebody"'],
  ])('%s may not be %s', (name, value, message) => {
    expect(() => load({ [name]: value })).toThrow(ConfigProblems);
    expect(() => load({ [name]: value })).toThrow(message);
  });
});
