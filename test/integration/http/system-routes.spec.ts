import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Readiness } from '../../../src/platform/health/readiness.js';
import { TestApplication } from './support/test-application.js';

const PUBLIC_URL = 'https://registry.example.com';

let server: TestApplication;
let isDatabaseUp = true;
let databaseProbes = 0;
beforeAll(async () => {
  server = await TestApplication.start([], {
    server: { publicUrl: PUBLIC_URL },
    web: { apiDocsContactEmail: 'registry@example.com', apiDocsLicense: 'Apache-2.0' },
  });
  const readiness = server.app.get(Readiness, { strict: false });
  readiness.register('storage', () => Promise.resolve());
  readiness.register('database', () => {
    databaseProbes += 1;
    return isDatabaseUp ? Promise.resolve() : Promise.reject(new Error('connect ECONNREFUSED /var/run/pg'));
  });
});
afterAll(() => server.stop());

/** Results are kept for one second. */
const afterCache = () => new Promise((resolve) => setTimeout(resolve, 1010));

describe('service discovery', () => {
  const url = '/.well-known/terraform.json';

  it('answers 200 with exactly application/json and a length (checklist 1, 2, 3)', async () => {
    const response = await server.inject(url);
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/json');
    expect(response.headers['content-length']).toBe(String(response.rawPayload.length));
  });

  it('names two absolute URLs of the public address and nothing else (checklist 5, 6, 7, 8, 11, 12)', async () => {
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' };
    const response = await server.inject({ url, headers });
    expect(response.json()).toEqual({
      'modules.v1': `${PUBLIC_URL}/v1/modules/`,
      'providers.v1': `${PUBLIC_URL}/v1/providers/`,
    });
  });

  it('does not care about the credential (checklist 4)', async () => {
    const response = await server.inject({ url, headers: { authorization: 'Bearer expired' } });
    expect(response.statusCode).toBe(200);
  });

  it('answers HEAD and refuses other methods with 405 (checklist 10)', async () => {
    const head = await server.inject({ method: 'HEAD', url });
    expect([head.statusCode, head.body]).toEqual([200, '']);
    expect((await server.inject({ method: 'POST', url })).statusCode).toBe(405);
  });

  it('works while the database is down (checklist 9)', async () => {
    isDatabaseUp = false;
    expect((await server.inject(url)).statusCode).toBe(200);
    isDatabaseUp = true;
  });
});

describe('health', () => {
  it('says healthy, ready and alive', async () => {
    await afterCache();
    for (const path of ['/health', '/healthz']) {
      const body = (await server.inject(path)).json<{ time: string }>();
      expect(body).toEqual({ status: 'healthy', time: expect.any(String) });
      expect(new Date(body.time).toISOString()).toBe(body.time);
    }
    for (const path of ['/ready', '/readyz']) {
      const response = await server.inject(path);
      expect(response.statusCode).toBe(200);
      expect(response.json()).toEqual({
        ready: true,
        checks: { database: 'healthy', storage: 'healthy' },
        time: expect.any(String),
      });
    }
    expect((await server.inject('/livez')).json()).toEqual({ status: 'alive' });
  });

  it('asks the database once a second, however often it is asked itself', async () => {
    await afterCache();
    const before = databaseProbes;
    await Promise.all(Array.from({ length: 200 }, () => server.inject('/ready')));
    expect(databaseProbes - before).toBe(1);
  });

  it('answers 503 without reasons when the database is away', async () => {
    isDatabaseUp = false;
    await afterCache();
    const health = await server.inject('/health');
    expect(health.statusCode).toBe(503);
    expect(health.json()).toEqual({ status: 'unhealthy', error: 'database connection failed' });
    const ready = await server.inject('/ready');
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toEqual({
      ready: false,
      checks: { database: 'unhealthy' },
      error: 'database check failed',
    });
    expect((await server.inject('/livez')).statusCode).toBe(200);
    isDatabaseUp = true;
  });

  it('is not ready once the shutdown has begun', async () => {
    const other = await TestApplication.start();
    try {
      other.app.get(Readiness, { strict: false }).shutDown();
      expect((await other.inject('/ready')).statusCode).toBe(503);
    } finally {
      await other.stop();
    }
  });

  it('tells the release', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect((await server.inject('/version')).json()).toMatchObject({
      version,
      api_version: 'v1',
      protocols: { modules: 'v1', providers: 'v1', mirror: 'v1' },
    });
  });
});

describe('interface documentation', () => {
  it('is an OpenAPI document with the settings of the operator and one tag per operation', async () => {
    const response = await server.inject('/swagger.json');
    expect(response.headers['access-control-allow-origin']).toBe('*');
    const document = response.json<{
      info: object;
      paths: Record<string, Record<string, { tags: string[] }>>;
    }>();
    expect(document.info).toMatchObject({
      contact: { email: 'registry@example.com' },
      license: { name: 'Apache-2.0' },
    });
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    expect(operations.length).toBeGreaterThan(5);
    for (const { tags } of operations) expect(tags).toHaveLength(1);
    expect((await server.inject('/openapi.json')).body).toBe(response.body);
  });

  it('has a page whose scripts and styles all come from this server', async () => {
    const redirect = await server.inject('/api-docs');
    expect([redirect.statusCode, redirect.headers.location]).toEqual([301, '/api-docs/']);
    for (const url of ['/api-docs/', '/api-docs/index.html']) {
      const page = await server.inject(url);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(page.headers['x-frame-options']).toBe('SAMEORIGIN');
      const nonce = /'nonce-([^']+)'/.exec(String(page.headers['content-security-policy']))?.[1];
      const scripts = page.body.match(/<script[^>]*>/g) ?? [];
      expect(scripts.length).toBeGreaterThan(0);
      for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`);
      expect(page.body).not.toMatch(/https?:/);
      const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
      for (const source of sources) expect((await server.inject(source)).statusCode).toBe(200);
    }
    const again = await server.inject('/api-docs/');
    expect(again.headers['content-security-policy']).not.toBe(
      (await server.inject('/api-docs/')).headers['content-security-policy'],
    );
  });

  it('serves only the files of the page', async () => {
    const response = await server.inject('/api-docs/assets/package.json');
    expect([response.statusCode, response.body]).toEqual([404, '{"error":"Not found"}']);
  });

  it('is absent when it is switched off', async () => {
    const other = await TestApplication.start([], { web: { apiDocsEnabled: false } });
    try {
      for (const url of ['/swagger.json', '/openapi.json', '/api-docs/', '/api-docs/assets/swagger-ui.css']) {
        expect((await other.inject(url)).statusCode).toBe(404);
      }
    } finally {
      await other.stop();
    }
  });
});
