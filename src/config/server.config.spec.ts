import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.js';

describe('the limit of connections from one address', () => {
  let cwd: string;
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), 'server-config-'));
  });
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  const limit = (text?: string) => {
    const env = {
      TFR_DATABASE_HOST: 'db.internal',
      ENCRYPTION_KEY: 'hex:8f1c0b5e7a934d26e8b1f05a6c7d3924b0e1f2a3958674d5c6e7f80912a3b4c5',
      TFR_JWT_SECRET: 'q7Zt2mXw9Lk4Vb1Nc8Rf5Yh3Jd6Gs0Pa',
      ...(text !== undefined && { TFR_SERVER_MAX_CONNECTIONS_PER_IP: text }),
    };
    return loadConfig({ env, argv: [], cwd }).config.server.maxConnectionsPerIp;
  };

  it('is high enough for many people behind one address, and may be turned off', () => {
    expect(limit()).toBe(1_000);
    expect([limit('0'), limit('1'), limit('1000000')]).toEqual([0, 1, 1_000_000]);
  });

  it.each(['-1', '1000001', '1.5', 'many'])('is not %s', (text) => {
    expect(() => limit(text)).toThrow('TFR_SERVER_MAX_CONNECTIONS_PER_IP');
  });
});
