import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApplication } from './support/test-application.js';

const SECURITY = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-permitted-cross-domain-policies': 'none',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let open: TestApplication;
let listed: TestApplication;
beforeAll(async () => {
  open = await TestApplication.start();
  listed = await TestApplication.start([], {
    server: { publicUrl: 'https://registry.example.com' },
    security: { corsAllowedOrigins: ['https://ui.example.com'] },
  });
});
afterAll(async () => {
  await open.stop();
  await listed.stop();
});

describe('every response', () => {
  it.each([
    ['an answer', '/livez'],
    ['an unknown path', '/nothing'],
    ['a refused target', '/a%2Fb'],
    ['bad percent encoding', '/livez/%zz'],
    ['a segment that is too long', `/api-docs/assets/${'x'.repeat(2000)}`],
  ])('has the security headers and a request id: %s', async (_what, url) => {
    const response = await open.inject(url);
    expect(response.headers).toMatchObject(SECURITY);
    expect(response.headers['x-request-id']).toMatch(UUID);
    expect(response.headers['strict-transport-security']).toBeUndefined();
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('has Strict-Transport-Security when the public URL is https', async () => {
    const { headers } = await listed.inject('/livez');
    expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  });

  it('repeats a harmless request id and no other', async () => {
    const idOf = async (id: string) =>
      (await open.inject({ url: '/livez', headers: { 'x-request-id': id } })).headers['x-request-id'];
    expect(await idOf('Job-17.a_b')).toBe('Job-17.a_b');
    for (const id of ['a b', 'x'.repeat(129), '<script>', 'é', '']) expect(await idOf(id)).toMatch(UUID);
  });

  it('is not kept by caches when the request had a credential', async () => {
    const headers = { authorization: 'Bearer x' };
    expect((await open.inject({ url: '/livez', headers })).headers['cache-control']).toBe('no-store');
    expect((await open.inject('/livez')).headers['cache-control']).toBeUndefined();
  });
});

describe('requests that are refused at the edge', () => {
  it.each([
    '/livez%00',
    '/a%2Flivez',
    '/a%5clivez',
    '/livez/%ff',
    '/livez?x=%00',
    '/livez?x=%ff',
    '/livez?access_token=abc',
    '/livez?key=tfr_abcdefghijklmnopqrstuvwxyz',
  ])('%s', async (url) => {
    const response = await open.inject(url);
    expect(response.statusCode).toBe(400);
    expect(response.json<{ error: string }>().error).not.toBe('');
  });

  it('keeps a plus sign in a path segment, raw or encoded (checklist 118)', async () => {
    for (const url of ['/livez?version=1.0.0+b1', '/livez?version=1.0.0%2Bb1']) {
      expect((await open.inject(url)).statusCode).toBe(200);
    }
  });
});

describe('other origins', () => {
  const ask = (server: TestApplication, origin: string) =>
    server.inject({ url: '/livez', headers: { origin } });
  const preflight = (server: TestApplication, origin: string, url = '/livez') =>
    server.inject({
      method: 'OPTIONS',
      url,
      headers: { origin, 'access-control-request-method': 'POST' },
    });

  it('may read without credentials when all are allowed', async () => {
    const { headers } = await ask(open, 'https://anywhere.example');
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('may send credentials when they are listed, and get nothing otherwise', async () => {
    const { headers } = await ask(listed, 'https://ui.example.com');
    expect(headers['access-control-allow-origin']).toBe('https://ui.example.com');
    expect(headers['access-control-allow-credentials']).toBe('true');
    expect(headers.vary).toContain('Origin');
    for (const origin of ['null', 'https://ui.example.com.evil.example', 'http://ui.example.com', '*']) {
      expect((await ask(listed, origin)).headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('get 204 for a preflight, on unknown paths as well', async () => {
    const response = await preflight(listed, 'https://ui.example.com');
    expect([response.statusCode, response.body]).toEqual([204, '']);
    expect(response.headers['access-control-allow-methods']).toBe('GET, POST, PUT, DELETE, OPTIONS');
    expect(response.headers['access-control-allow-headers']).toContain('X-CSRF-Token');
    expect(response.headers['access-control-max-age']).toBe('3600');
    expect((await preflight(open, 'https://a.example', '/nothing')).statusCode).toBe(204);
    const refused = await preflight(listed, 'https://evil.example');
    expect(refused.headers['access-control-allow-methods']).toBeUndefined();
  });
});
