import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { RateLimitStore } from '../../../src/platform/http/rate-limit-store.js';
import { TestApp } from '../../support/test-app.js';

const LIMITS = {
  TFR_SECURITY_RATE_LIMITING_ENABLED: 'true',
  TFR_SECURITY_RATE_LIMITING_STORE: 'database',
  TFR_SECURITY_RATE_LIMITING_REQUESTS_PER_MINUTE: '1',
  TFR_SECURITY_RATE_LIMITING_BURST: '6',
  TFR_SERVER_TRUSTED_PROXIES: '127.0.0.0/8',
};

describe('request limits that several processes share', () => {
  let first: TestApp;
  let second: TestApp;
  beforeAll(async () => {
    first = await TestApp.start(LIMITS);
    second = await first.another();
  });
  afterAll(async () => {
    await second?.stop();
    await first?.stop();
  });

  const path = '/api/v1/modules/acme/none/aws';
  const ask = async (app: TestApp, key: string | undefined, ip: string) =>
    (await app.request(path, { key, headers: { 'x-forwarded-for': ip } })).status;
  const askAll = async (count: number, key: string | undefined, ip: string) => {
    const statuses: number[] = [];
    for (let i = 0; i < count; i += 1) statuses.push(await ask(i % 2 === 0 ? first : second, key, ip));
    return statuses;
  };

  it('let through as much as one process would (K6)', async () => {
    const statuses = await askAll(10, undefined, '192.0.2.10');
    expect(statuses.filter((status) => status !== 429)).toHaveLength(6);
    expect(statuses.slice(6)).toEqual([429, 429, 429, 429]);
  });

  it('let through as much when all requests come at once (K6)', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 60 }, (_, i) => ask(i % 2 === 0 ? first : second, undefined, '192.0.2.11')),
    );
    expect(statuses.filter((status) => status !== 429)).toHaveLength(6);
  });

  it('count a key by its name, wherever it comes from, and not its neighbors', async () => {
    const key = await first.issueKey('modules:read');
    expect(await askAll(2, key, '192.0.2.12')).toEqual([404, 404]);
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) statuses.push(await ask(first, key, `192.0.2.${20 + i}`));
    expect(statuses).toEqual([404, 404, 404, 404, 429, 429]);
    expect(await ask(second, await first.issueKey('modules:read'), '192.0.2.30')).toBe(404);
  });

  it('are not avoided with made-up keys (A5)', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      statuses.push(await ask(i % 2 === 0 ? first : second, `tfr_${'a'.repeat(42)}${i}`, '192.0.2.40'));
    }
    expect(statuses.slice(6)).toEqual([429, 429, 429]);
  });

  it('count made-up keys on protocol routes too, but nothing next to a signature (A5)', async () => {
    const protocol = (key: string | undefined) =>
      first.request('/v1/modules/acme/none/aws/versions', {
        key,
        headers: { 'x-forwarded-for': '192.0.2.50' },
      });
    const file = () =>
      first.request('/v1/files/blobs/x?signature=none', {
        headers: { authorization: 'Basic eDp5', 'x-forwarded-for': '192.0.2.50' },
      });
    for (let i = 0; i < 6; i += 1) expect((await protocol(`made-up ${i}`)).status).toBe(404);
    expect((await protocol('made-up 7')).status).toBe(429);
    expect((await protocol(undefined)).status).toBe(404);
    for (let i = 0; i < 8; i += 1) expect((await file()).status).toBe(403);
  });

  it('take a token back, and hold no more than their burst then', async () => {
    const store = first.get(RateLimitStore);
    const size = { perMinute: 1, burst: 3 };
    const remaining = async () => (await store.take('lent', size)).remaining;
    expect([await remaining(), await remaining()]).toEqual([2, 1]);
    await store.giveBack('lent', size);
    expect(await remaining()).toBe(1);
    for (let i = 0; i < 5; i += 1) await store.giveBack('lent', size);
    expect(await remaining()).toBe(2);
    await store.giveBack('never used', size);
    expect(await first.query(`SELECT 1 FROM rate_limit_buckets WHERE key = 'never used'`)).toEqual([]);
  });

  it('are forgotten when they are full again', async () => {
    const store = first.get(RateLimitStore);
    await first.query(
      `INSERT INTO rate_limit_buckets (key, tokens, had, updated_at) VALUES ('old', 0, 0, now() - interval '2 hours')`,
    );
    await store.take('fresh', { perMinute: 60, burst: 2 });
    await (store as unknown as { purge(): Promise<void> }).purge();
    const keys = await first.query(`SELECT key FROM rate_limit_buckets WHERE key IN ('old', 'fresh')`);
    expect(keys).toEqual([{ key: 'fresh' }]);
  });

  it('let many good keys in from one address, and no guess between them for free', async () => {
    const ip = '192.0.2.60';
    for (let i = 0; i < 12; i += 1) {
      const key = await first.issueKey('modules:read');
      expect([i, await askAll(2, key, ip)]).toEqual([i, [404, 404]]);
    }
    expect(await askAll(8, `tfr_${'b'.repeat(43)}`, ip)).toEqual([404, 404, 404, 404, 404, 404, 429, 429]);
    expect(await ask(first, await first.issueKey('modules:read'), ip)).toBe(429);
  });

  it('give nothing back to who sends a key that was revoked', async () => {
    const ip = '192.0.2.61';
    const { key, id } = await first.get(ApiKeys).issue({ name: 'ci', scopes: ['modules:read'] });
    await first.get(ApiKeys).revoke(id);
    expect(await askAll(8, key, ip)).toEqual([404, 404, 404, 404, 404, 404, 429, 429]);
  });
});

describe('the limit of anonymous protocol requests', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await TestApp.start({
      TFR_SECURITY_RATE_LIMITING_ENABLED: 'true',
      TFR_SECURITY_RATE_LIMITING_PROTOCOL_REQUESTS_PER_MINUTE: '1',
      TFR_SECURITY_RATE_LIMITING_PROTOCOL_BURST: '6',
    });
  });
  afterAll(() => app?.stop());

  const ask = async (key: string | undefined) =>
    (await app.request('/v1/modules/acme/none/aws/versions', { key })).status;

  it('is not avoided with made-up keys, and does not hold for a key that was proven', async () => {
    const key = await app.issueKey('modules:read');
    expect(await ask(key)).toBe(404);
    const statuses: number[] = [];
    for (let i = 0; i < 8; i += 1) statuses.push(await ask(i % 2 === 0 ? undefined : `made-up ${i}`));
    expect(statuses).toEqual([404, 404, 404, 404, 404, 404, 429, 429]);
    for (let i = 0; i < 8; i += 1) expect(await ask(key)).toBe(404);
  });
});
