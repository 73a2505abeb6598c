import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moduleArchive } from '../../support/build-fixtures.js';
import type { Answer } from '../../support/http-request.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, cookiesOf, defaultOrganizationOf } from './support/browser.js';
import { type DeclaredRoute, routesOf } from './support/route-table.js';

const CHANGING = ['POST', 'PUT', 'PATCH', 'DELETE', 'ALL'];
const OWN_ORIGIN = 'http://registry.test';
const LISTED_ORIGIN = 'https://app.example.com';
const FOREIGN_ORIGINS = [
  'https://evil.example',
  'null',
  'http://registry.test.evil.example',
  'https://registry.test',
  'http://registry.test:8080',
  'http://localhost:5173',
  'https://127.0.0.1',
];
const LOGOUT = '/api/v1/auth/logout';
const ME = '/api/v1/auth/me';

describe('requests by cookie (B7)', () => {
  let app: TestApp;
  let organizationId: string;
  let routes: DeclaredRoute[];
  let browser: Browser;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_SECURITY_CORS_ALLOWED_ORIGINS: LISTED_ORIGIN });
    organizationId = await defaultOrganizationOf(app);
    routes = routesOf(app).filter(({ method }) => CHANGING.includes(method));
    browser = await Browser.signIn(app, await addPerson(app, { [organizationId]: 'admin' }));
  });

  afterAll(() => app.stop());

  const methodOf = ({ method }: DeclaredRoute) => (method === 'ALL' ? 'POST' : method);
  /** A path of the route; what it names does not exist, and no request may get as far as to find that out. */
  const pathOf = ({ pattern }: DeclaredRoute) =>
    pattern.replaceAll(/:(\w+)|\*\w*/g, (_, name: string) => (name === 'id' ? randomUUID() : 'probe'));
  const expectForeignRefused = (answer: Answer, what: string) => {
    expect(answer.status, what).toBe(403);
    // Pages say it as a page.
    expect(answer.body.toString(), what).toContain('CSRF validation failed');
  };
  const needsCredential = ({ access }: DeclaredRoute) =>
    access.kind === 'authenticated' || access.kind === 'scope';

  it('change nothing without a proof or from a foreign origin, on every route of the application', async () => {
    const guarded = routes.filter(needsCredential);
    expect(guarded.length).toBeGreaterThan(20);
    const { csrfToken } = browser.session;
    const last = csrfToken.at(-1) === 'A' ? 'B' : 'A';
    let requests = 0;
    for (const route of guarded) {
      const method = methodOf(route);
      const attempt = async (headers: Record<string, string>, proof?: 'handle' | 'csrf') => {
        const answer = await browser.request(pathOf(route), { method, headers, ...(proof && { proof }) });
        expectForeignRefused(answer, `${method} ${route.pattern} ${JSON.stringify(headers)}`);
        requests += 1;
      };
      await attempt({});
      await attempt({ origin: OWN_ORIGIN });
      await attempt({ 'x-csrf-token': '' });
      await attempt({ 'x-csrf-token': csrfToken.slice(0, -1) + last });
      await attempt({
        cookie: `tfr_session=${browser.session.secret}; tfr_csrf=planted`,
        'x-csrf-token': 'planted',
      });
      for (const origin of FOREIGN_ORIGINS) {
        await attempt({ origin }, 'csrf');
        await attempt({ origin }, 'handle');
      }
    }
    console.log(
      `requests by cookie without proof or from foreign origins: ${requests} on ${guarded.length} routes, all 403`,
    );
    expect(await browser.isSignedIn()).toBe(true);
  });

  it('sign nobody in or out from a foreign origin, on every open route that changes something', async () => {
    const open = routes.filter(({ access }) => access.kind === 'open');
    expect(open.map(({ pattern }) => pattern)).toContain(LOGOUT);
    for (const route of open) {
      for (const origin of FOREIGN_ORIGINS) {
        for (const cookies of [{}, { cookie: browser.cookie }] as Record<string, string>[]) {
          const headers: Record<string, string> = { origin, ...cookies };
          const answer = await app.request(pathOf(route), { method: methodOf(route), headers });
          expectForeignRefused(answer, `${route.method} ${route.pattern} from ${origin}`);
        }
      }
    }
    expectForeignRefused(await browser.request(LOGOUT, { method: 'POST' }), 'sign-out by cookie alone');
    expect(await browser.isSignedIn()).toBe(true);
  });

  it('are worth nothing on routes of the setup', async () => {
    for (const route of routes.filter(({ access }) => access.kind === 'setup-token')) {
      const answer = await browser.request(pathOf(route), { method: methodOf(route), proof: 'csrf' });
      expect([401, 403], route.pattern).toContain(answer.status);
    }
  });

  it('leave no other kind of route that changes something', () => {
    const kinds = new Set(routes.map(({ access }) => access.kind));
    expect(
      [...kinds].filter((kind) => !['authenticated', 'scope', 'open', 'setup-token'].includes(kind)),
    ).toEqual([]);
  });

  it('are not turned into others by method override headers (W10)', async () => {
    for (const header of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
      const headers = { [header]: 'DELETE' };
      expect((await browser.request('/api/v1/auth/sessions', { headers })).status).toBe(200);
      expect((await browser.request('/api/v1/auth/sessions?_method=DELETE', { headers })).status).toBe(200);
    }
    expect(await browser.isSignedIn()).toBe(true);
  });

  describe('with a proof', () => {
    const refresh = (headers: Record<string, string>, proof?: 'handle' | 'csrf') =>
      browser.request('/api/v1/auth/refresh', { method: 'POST', headers, ...(proof && { proof }) });

    it('are served, without an origin, from a listed one, or under a name of this registry', async () => {
      for (const origin of [undefined, OWN_ORIGIN, LISTED_ORIGIN, 'http://127.0.0.1:8080']) {
        for (const proof of ['handle', 'csrf'] as const) {
          expect((await refresh(origin === undefined ? {} : { origin }, proof)).status).toBe(200);
        }
      }
    });

    it('in a form field are served where forms are taken, and only there', async () => {
      const other = await Browser.signIn(app, browser.userId);
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      const send = (path: string, field: string, headers: Record<string, string> = form) =>
        other.request(path, { method: 'POST', headers, body: `csrf_token=${field}` });
      expectForeignRefused(await send(LOGOUT, 'planted'), 'another value');
      const asJson = await other.request(LOGOUT, {
        method: 'POST',
        json: { csrf_token: other.session.csrfToken },
      });
      expectForeignRefused(asJson, 'the value as JSON, which a plain form can send with a trick');
      expect((await send('/api/v1/auth/refresh', other.session.csrfToken)).status).toBe(415);
      expect((await send(LOGOUT, other.session.csrfToken)).status).toBe(204);
      expect(await other.isSignedIn()).toBe(false);
    });

    it('of another session are refused', async () => {
      const other = await Browser.signIn(app, browser.userId);
      expectForeignRefused(await refresh({ 'x-csrf-token': other.session.csrfToken }), 'a foreign value');
    });
  });

  it('need none for API keys, wherever they say they come from', async () => {
    const key = await app.issueKey('admin');
    for (const origin of FOREIGN_ORIGINS) {
      const answer = await app.request('/api/v1/auth/sessions', {
        method: 'DELETE',
        key,
        headers: { origin },
      });
      expect(answer.status).toBe(204);
    }
  });

  describe('that sign out by navigation', () => {
    const leave = (one: Browser, query = '', headers: Record<string, string> = {}) =>
      one.request(`${LOGOUT}${query}`, { headers });
    const signIn = () => Browser.signIn(app, browser.userId);

    it('end the session, clear every cookie and go home', async () => {
      const one = await signIn();
      const answer = await leave(one, '', { 'sec-fetch-site': 'same-origin' });
      expect(answer.status).toBe(302);
      expect(answer.headers['location']).toBe(`${OWN_ORIGIN}/`);
      const cookies = cookiesOf(answer);
      expect([...cookies.keys()].toSorted()).toEqual([
        'tfr_csrf',
        'tfr_login',
        'tfr_scm_state',
        'tfr_session',
      ]);
      for (const attributes of cookies.values()) {
        expect(attributes.get('')).toBe('');
        expect(new Date(attributes.get('expires')!).getTime()).toBeLessThan(Date.now());
      }
      expect(await one.isSignedIn()).toBe(false);
    });

    it('end nothing when another site caused them', async () => {
      const one = await signIn();
      const answer = await leave(one, '', { 'sec-fetch-site': 'cross-site' });
      expect([answer.status, answer.headers['location']]).toEqual([302, `${OWN_ORIGIN}/`]);
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(await one.isSignedIn()).toBe(true);
    });

    it('go on only to the public or a listed origin (B12)', async () => {
      const allowed = [`${OWN_ORIGIN}/login?x=1`, `${LISTED_ORIGIN}/`];
      const refused = [
        'https://evil.example/',
        '//evil.example',
        '/\\evil.example',
        'http://registry.test@evil.example/',
        'http://ada@registry.test/',
        'http://registry.test.evil.example/',
        'https://registry.test/',
        'javascript:alert(1)',
        'data:text/html,x',
        'null',
        '',
        '*',
      ];
      for (const wanted of [...allowed, ...refused]) {
        const query = `?post_logout_redirect_uri=${encodeURIComponent(wanted)}`;
        const answer = await leave(await signIn(), query);
        expect(answer.status).toBe(302);
        expect(answer.headers['location']).toBe(allowed.includes(wanted) ? wanted : `${OWN_ORIGIN}/`);
      }
    });

    it('answer somebody who is not signed in alike', async () => {
      const answer = await app.request(LOGOUT);
      expect([answer.status, answer.headers['location']]).toEqual([302, `${OWN_ORIGIN}/`]);
      expect((await app.request(LOGOUT, { method: 'POST' })).status).toBe(204);
    });
  });
});

describe('cookies under an https address (B6)', () => {
  it('are Secure', async () => {
    const app = await TestApp.start({ TFR_SERVER_PUBLIC_URL: 'https://registry.example.com' });
    const browser = await Browser.signIn(app, await addPerson(app));
    const answer = await browser.request('/api/v1/auth/refresh', { method: 'POST', proof: 'handle' });
    const cookies = cookiesOf(answer);
    expect([...cookies.keys()].toSorted()).toEqual(['tfr_csrf', 'tfr_session']);
    for (const attributes of cookies.values()) expect(attributes.has('secure')).toBe(true);
    for (const attributes of cookiesOf(await browser.request(LOGOUT)).values()) {
      expect(attributes.has('secure')).toBe(true);
    }
    expect((await browser.request(ME)).status).toBe(401);
    await app.stop();
  });
});

describe('private documents and the fast path', () => {
  it('are never served for a handle without its cookie, not even right after it was used with it', async () => {
    const app = await TestApp.start({ TFR_AUTH_ANONYMOUS_READ: 'false' });
    const archive = moduleArchive();
    const published = await app.publishModule({ namespace: 'team', version: '1.0.0', archive });
    expect(published.status).toBe(201);
    const organizationId = await defaultOrganizationOf(app);
    const browser = await Browser.signIn(app, await addPerson(app, { [organizationId]: 'viewer' }));
    const path = '/v1/modules/team/vpc/aws/versions';
    const handle = { authorization: `Bearer ${browser.session.handle}` };
    for (let round = 0; round < 20; round++) {
      const served = await browser.request(path, {
        lean: true,
        ...(round % 2 === 0 && { proof: 'handle' as const }),
      });
      expect(served.status).toBe(200);
      expect(served.headers['cache-control']).toBe('private, no-cache');
      expect((await app.request(path, { lean: true, headers: handle })).status).toBe(401);
      expect((await app.request(path, { lean: true })).status).toBe(401);
    }
    await app.stop();
  });
});
