import { describe, expect, it } from 'vitest';
import { ConfigProblems } from './config-problems.js';
import { loadConfig } from './load-config.js';

const NEEDED = {
  TFR_DATABASE_HOST: 'db.internal',
  ENCRYPTION_KEY: 'hex:8f1c0b5e7a934d26e8b1f05a6c7d3924b0e1f2a3958674d5c6e7f80912a3b4c5',
  TFR_JWT_SECRET: 'q7Zt2mXw9Lk4Vb1Nc8Rf5Yh3Jd6Gs0Pa',
};
const load = (env: NodeJS.ProcessEnv) =>
  loadConfig({ env: { ...NEEDED, ...env }, argv: [], cwd: import.meta.dirname }).config.tokenExchange;

describe('the settings of the token exchange', () => {
  it('make tokens of fifteen minutes for the public URL unless told otherwise', () => {
    expect(load({ TFR_SERVER_PUBLIC_URL: 'https://registry.example.com' })).toMatchObject({
      enabled: true,
      ttlMs: 900_000,
      audience: 'https://registry.example.com',
    });
    expect(load({ TFR_AUTH_TOKEN_EXCHANGE_AUDIENCE: 'api://registry' }).audience).toBe('api://registry');
  });

  it('take a life from one second to one hour', () => {
    expect(load({ TFR_AUTH_TOKEN_EXCHANGE_TTL: '1h' }).ttlMs).toBe(3_600_000);
    expect(load({ TFR_AUTH_TOKEN_EXCHANGE_TTL: '1s' }).ttlMs).toBe(1_000);
    for (const ttl of ['1h1s', '999ms', '0'])
      expect(() => load({ TFR_AUTH_TOKEN_EXCHANGE_TTL: ttl })).toThrow(ConfigProblems);
  });
});
