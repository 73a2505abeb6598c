import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.js';

const SECRETS = {
  TFR_DATABASE_URL: 'postgres://registry@localhost/registry',
  ENCRYPTION_KEY: 'hex:8f1d3c5b7a9e0246813579bdf02468ace13579bdf0a1b2c3d4e5f60718293a4b',
  TFR_JWT_SECRET: 'TEST-ONLY-8f1d3c5b7a9e0246813579bdf02468',
};
const load = (env: Record<string, string> = {}) =>
  loadConfig({ env: { ...SECRETS, ...env }, argv: [], cwd: '/', generateSecrets: false });

describe('the settings of sessions', () => {
  it('last a day, end after eight idle hours, and give browsers a handle', () => {
    const { session } = load().config;
    expect(session).toEqual({ browserToken: 'handle', ttlMs: 86_400_000, idleTtlMs: 28_800_000 });
  });

  it.each(['TFR_AUTH_SESSION_TTL', 'TFR_AUTH_SESSION_IDLE_TTL'])(
    '%s is between 5 minutes and 90 days',
    (name) => {
      for (const value of ['5m', '90d']) expect(() => load({ [name]: value })).not.toThrow();
      for (const value of ['299s', '90d1s', '0']) expect(() => load({ [name]: value })).toThrow(name);
    },
  );

  it('know three kinds of browser tokens, and warn of the one that is usable', () => {
    const warningsFor = (value: string) =>
      load({ TFR_AUTH_SESSION_BROWSER_TOKEN: value }).warnings.filter((one) => one.includes('browser_token'));
    expect(warningsFor('jwt')).toHaveLength(1);
    expect([...warningsFor('handle'), ...warningsFor('none')]).toEqual([]);
    expect(() => warningsFor('cookie')).toThrow('TFR_AUTH_SESSION_BROWSER_TOKEN');
  });
});
