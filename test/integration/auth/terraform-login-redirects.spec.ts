import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalAccounts } from '../../../src/auth/local-accounts.service.js';
import { ACCEPTS_PAGES, formOf, LoginClient } from '../../support/login-client.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from './support/browser.js';

/** Other places than `http://localhost:<port>/login`, in the ways that have fooled somebody before. */
const HOSTS = [
  'localhost.evil.example',
  'evil.example',
  'evil.example#localhost',
  'localhost@evil.example',
  'evil.example@localhost',
  'user:pass@localhost',
  'localhost.',
  'LOCALHOST',
  'Localhost',
  'localhost%2eevil.example',
  'localhost%00.evil.example',
  'lоcalhost',
  'ⓛocalhost',
  'xn--lcalhost-9lf',
  '127.0.0.1',
  '127.1',
  '0x7f000001',
  '2130706433',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '0.0.0.0',
  '127.0.0.1.evil.example',
  'localhost,evil.example',
  'localtest.me',
  'registry.test',
];
const PORTS = [
  '',
  ':',
  ':80',
  ':9999',
  ':10011',
  ':100000',
  ':1',
  ':010003',
  ':10003 ',
  ':1000３',
  ':-1',
  ':10003:10004',
];
const PATHS = [
  '',
  '/',
  '/login/',
  '/Login',
  '/login?x=1',
  '/login#x',
  '/login?',
  '/login#',
  '/login/../login',
  '/./login',
  '//login',
  '/login%2f',
  '/l%6fgin',
  '/login;x',
  '/login\\n',
  '/login\\t',
  '/login\\r\\nLocation: http://evil.example',
  '/login%0d%0aLocation:%20http://evil.example',
  '/login\\u0000',
  '/login@evil.example',
  '\\\\login',
  '/loginx',
  '/other',
].map((path) =>
  path.replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\r', '\r').replaceAll('\\u0000', '\0'),
);
const SCHEMES = ['https', 'HTTP', 'ftp', 'javascript', 'data', 'file', 'ws', 'terraform', 'http:http', ''];
const WHOLE = [
  '',
  ' ',
  '/',
  '//evil.example/login',
  '/\\evil.example/login',
  '\\\\evil.example\\login',
  'http:localhost:10003/login',
  'http:/localhost:10003/login',
  'http:///localhost:10003/login',
  'http:\\\\localhost:10003\\login',
  ' http://localhost:10003/login',
  'http://localhost:10003/login ',
  '\thttp://localhost:10003/login',
  'http://localhost:10003/login\n',
  'http://localhost:10003/login\u2028',
  'http://localhost:10003/login,http://evil.example',
  'http://localhost:10003/login http://evil.example',
  'http://localhost:10003\\@evil.example/login',
  'http://localhost:10003@evil.example/login',
  'http://evil.example?http://localhost:10003/login',
  'http://evil.example/http://localhost:10003/login',
  'javascript:alert(1)//http://localhost:10003/login',
  'javascript://localhost:10003/login%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'urn:ietf:wg:oauth:2.0:oob',
  'localhost:10003/login',
  'null',
  'undefined',
  'x'.repeat(3_000),
];

const REDIRECT_URIS = [
  ...new Set([
    ...WHOLE,
    ...HOSTS.flatMap((host) => [10_000, 10_003, 10_010].map((port) => `http://${host}:${port}/login`)),
    ...HOSTS.map((host) => `http://${host}/login`),
    ...PORTS.map((port) => `http://localhost${port}/login`),
    ...PATHS.flatMap((path) => [10_000, 10_009].map((port) => `http://localhost:${port}${path}`)),
    ...SCHEMES.flatMap((scheme) => [`${scheme}://localhost:10003/login`, `${scheme}:localhost:10003/login`]),
  ]),
];

/** In a target the server refuses it for everybody, before there is a page. */
const NUL = '\0';

describe('redirects of terraform login and of the sign-in (B12)', () => {
  let app: TestApp;
  let browser: Browser;

  beforeAll(async () => {
    app = await TestApp.start();
    const userId = await addPerson(app, { [await defaultOrganizationOf(app)]: 'member' });
    await app.get(LocalAccounts).setPassword(userId, 'TEST ONLY pass phrase', { mustChange: false });
    browser = await Browser.signIn(app, userId);
  });
  afterAll(() => app.stop());

  it('go to no other address than that of a CLI on this computer', async () => {
    expect(REDIRECT_URIS.length).toBeGreaterThanOrEqual(200);
    const { csrfToken } = browser.session;
    for (const redirect_uri of REDIRECT_URIS) {
      const client = new LoginClient();
      const fields = { ...client.parameters, redirect_uri, decision: 'allow', csrf_token: csrfToken };
      const form = formOf(fields);
      const answers = [
        await browser.request(client.authorizePath({ redirect_uri }), { headers: ACCEPTS_PAGES }),
        await app.request(client.authorizePath({ redirect_uri }), { headers: ACCEPTS_PAGES }),
        await browser.request('/api/v1/oauth/authorize', {
          ...form,
          headers: { ...ACCEPTS_PAGES, ...form.headers },
        }),
      ];
      for (const { status, headers, body } of answers) {
        expect(status, redirect_uri).toBe(400);
        expect(headers['location'], redirect_uri).toBeUndefined();
        if (!redirect_uri.includes(NUL)) expect(headers['content-type']).toBe('text/html; charset=utf-8');
        expect(body.toString()).not.toMatch(/href="(?!\/|data:,|#main)/);
      }
    }
    const [codes] = await app.query<{ n: number }>('SELECT count(*)::int AS n FROM login_codes');
    expect(codes).toEqual({ n: 0 });
    console.log(`redirect addresses refused without a redirect: ${REDIRECT_URIS.length}, each in three ways`);
  });

  it('go to every port that is offered, and to the last one', async () => {
    for (let port = 10_000; port <= 10_010; port += 1) {
      const client = new LoginClient(port);
      const answer = await client.decide((path, options) => browser.request(path, options), 'allow');
      expect(answer.status).toBe(302);
      expect(answer.headers['location']).toMatch(new RegExp(`^http://localhost:${port}/login\\?code=`));
    }
  });

  it('stay on this site after the sign-in, whatever return_to says', async () => {
    const targets = [
      ...REDIRECT_URIS.filter((text) => !text.includes(NUL)),
      '/sign-in',
      '/sign-in?return_to=/sign-in',
      '/api/v1/auth/logout',
      '/api/v1/oauth/token',
      '/auth/callback?error=x',
      '//evil.example',
      '///evil.example',
      '/%2f/evil.example/../..//evil.example',
      '/.//evil.example',
      '/a/..//evil.example',
      '/\tevil.example',
      '/\n/evil.example',
      '/a\r\nSet-Cookie: x=y',
    ];
    for (const target of targets) {
      const path = `/sign-in?${new URLSearchParams({ return_to: target }).toString()}`;
      const answer = await browser.request(path, { headers: ACCEPTS_PAGES });
      expect(answer.status, target).toBe(302);
      const { origin } = new URL(String(answer.headers['location']), 'http://registry.test');
      expect(origin, target).toBe('http://registry.test');
      expect(String(answer.headers['location'])).toMatch(/^\/(?![/\\])/);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    const kept = await browser.request('/sign-in?return_to=%2Faccount%3Fa%3D1', { headers: ACCEPTS_PAGES });
    expect(kept.headers['location']).toBe('/account?a=1');
  });
});
