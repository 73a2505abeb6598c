import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalAccounts } from '../../../src/auth/local-accounts.service.js';
import type { Answer } from '../../support/http-request.js';
import { ACCEPTS_PAGES, formOf, LoginClient } from '../../support/login-client.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, cookiesOf, defaultOrganizationOf } from '../auth/support/browser.js';

const PASSWORD = 'TEST ONLY pass phrase';
const DISCOVERY = '/.well-known/terraform.json';
/** REST contract 2.6, word for word. */
const POLICY =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

describe('the pages', () => {
  let app: TestApp;
  let userId: string;
  let email: string;
  let browser: Browser;

  const open = (path: string, headers: Record<string, string> = {}) =>
    app.request(path, { headers: { ...ACCEPTS_PAGES, ...headers } });
  const openSignedIn = (path: string) => browser.request(path, { headers: ACCEPTS_PAGES });
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) => {
    const form = formOf(fields);
    return app.request(path, { ...form, headers: { ...ACCEPTS_PAGES, ...form.headers, ...headers } });
  };
  const emailOf = async (id: string) =>
    (await app.query<{ email: string }>('SELECT email FROM users WHERE id = $1', [id]))[0]!.email;

  beforeAll(async () => {
    app = await TestApp.start();
    userId = await addPerson(app, { [await defaultOrganizationOf(app)]: 'member' });
    email = await emailOf(userId);
    await app.get(LocalAccounts).setPassword(userId, PASSWORD, { mustChange: false });
    browser = await Browser.signIn(app, userId);
  });
  afterAll(() => app.stop());

  const expectPage = (answer: Answer, status: number, policy = POLICY) => {
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
  };

  it('carry the headers of the contract', async () => {
    expectPage(await open('/'), 200);
    expectPage(await open('/sign-in'), 200);
    expectPage(await open('/auth/callback?error=access_denied'), 400);
    for (const path of ['/', '/account', '/change-password']) expectPage(await openSignedIn(path), 200);
    expectPage(await openSignedIn('/api/v1/oauth/authorize'), 400);
  });

  it('let the form of the consent page lead to the CLI, and to nothing else', async () => {
    const answer = await openSignedIn(new LoginClient(10_005).authorizePath());
    const formAction = "form-action 'self' http://localhost:10005/login";
    expectPage(answer, 200, POLICY.replace("form-action 'self'", formAction));
  });

  it('are refused under another host name (W7)', async () => {
    for (const path of ['/', '/sign-in', '/auth/callback', '/api/v1/oauth/authorize']) {
      expectPage(await open(path, { host: 'evil.example' }), 400);
    }
  });

  it('have one style sheet, kept by browsers until it changes', async () => {
    const [, path] = /rel="stylesheet" href="([^"]+)"/.exec((await open('/')).body.toString())!;
    const answer = await app.request(path!);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    const again = await app.request(path!, { headers: { 'if-none-match': String(answer.headers['etag']) } });
    expect(again.status).toBe(304);
    expect((await app.request('/assets/other.css')).status).toBe(404);
    expect((await app.request('/assets/..%2fapp.css')).status).toBe(400);
  });

  it('sign a local account in, and go on', async () => {
    const answer = await post('/sign-in', { email, password: PASSWORD, return_to: '/account?x=1' });
    expect(answer.status).toBe(303);
    expect(answer.headers['location']).toBe('/account?x=1');
    const secret = cookiesOf(answer).get('tfr_session')!;
    expect([...secret.keys()]).toEqual(expect.arrayContaining(['httponly', 'samesite', 'path', 'max-age']));
    const account = await open('/account', { cookie: `tfr_session=${secret.get('')}` });
    expect(account.body.toString()).toContain(email);
  });

  it('say the same about an unknown address and a wrong password, and keep neither', async () => {
    const answers = [
      await post('/sign-in', { email, password: 'wrong' }),
      await post('/sign-in', { email: 'nobody@example.com', password: 'wrong' }),
      await post('/sign-in', {}),
    ];
    for (const answer of answers) {
      expectPage(answer, 401);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    const [first, ...others] = answers.map(({ body }) => body.toString());
    expect(others).toEqual([first, first]);
    expect(first).toContain('role="alert"');
  });

  it('take a sign-in from no other site (B7)', async () => {
    for (const origin of ['https://evil.example', 'null']) {
      const answer = await post('/sign-in', { email, password: PASSWORD }, { origin });
      expectPage(answer, 403);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  it('ask browsers to send their origin with forms, which the header alone would forbid', async () => {
    expect((await open('/sign-in')).body.toString()).toContain('<meta name="referrer" content="same-origin"');
  });

  it('ask for another password first where somebody else chose it', async () => {
    const person = await addPerson(app);
    await app.get(LocalAccounts).setPassword(person, PASSWORD, { mustChange: true });
    const signedIn = await post('/sign-in', {
      email: await emailOf(person),
      password: PASSWORD,
      return_to: '/account',
    });
    expect(signedIn.headers['location']).toBe('/change-password?return_to=%2Faccount');
    const cookie = `tfr_session=${cookiesOf(signedIn).get('tfr_session')!.get('')}`;
    const csrf_token = cookiesOf(signedIn).get('tfr_csrf')!.get('')!;
    for (const path of ['/account', new LoginClient().authorizePath()]) {
      const elsewhere = await open(path, { cookie });
      expect(elsewhere.status).toBe(302);
      expect(elsewhere.headers['location']).toMatch(/^\/change-password\?return_to=/);
    }
    const fields = { csrf_token, current_password: PASSWORD, return_to: '/account' };
    const short = await post('/change-password', { ...fields, new_password: 'short' }, { cookie });
    expectPage(short, 400);
    expect(short.body.toString()).toContain('role="alert"');
    const changed = await post(
      '/change-password',
      { ...fields, new_password: `${PASSWORD} of my own` },
      { cookie },
    );
    expect(changed.status).toBe(303);
    expect(changed.headers['location']).toBe('/account');
    const next = `tfr_session=${cookiesOf(changed).get('tfr_session')!.get('')}`;
    expect((await open('/account', { cookie: next })).status).toBe(200);
  });

  it('send who is not signed in to the sign-in and back, and tell scripts in JSON', async () => {
    const page = await open('/account?tab=1');
    expect(page.status).toBe(302);
    expect(page.headers['location']).toBe('/sign-in?return_to=%2Faccount%3Ftab%3D1');
    const json = await app.request('/account', { headers: { accept: 'application/json' } });
    expect(json.status).toBe(401);
    expect(json.json()).toMatchObject({ error: 'Missing authorization header' });
  });

  it('end one session, or all of them', async () => {
    const other = await Browser.signIn(app, userId);
    const first = await Browser.signIn(app, userId);
    const headers = { cookie: first.cookie };
    const csrf_token = first.session.csrfToken;
    const one = await post(`/account/sessions/${other.session.id}/end`, { csrf_token }, headers);
    expect(one.status).toBe(303);
    expect(await other.isSignedIn()).toBe(false);
    expect(await first.isSignedIn()).toBe(true);
    const all = await post('/account/sign-out-everywhere', { csrf_token }, headers);
    expect(all.headers['location']).toBe('/sign-in');
    expect(await first.isSignedIn()).toBe(false);
    browser = await Browser.signIn(app, userId);
  });

  it('show an error of the identity provider as text', async () => {
    const description = '<script>alert(1)</script> " \' &';
    const query = new URLSearchParams({ error: 'access_denied', error_description: description });
    const html = (await open(`/auth/callback?${query.toString()}`)).body.toString();
    expect(html).toContain('&lt;script>alert(1)&lt;/script>');
    expect(html).toContain('access_denied');
  });

  it('drop what the query says of a token, and go on to where the sign-in began, once', async () => {
    const arrived = await Browser.signIn(app, userId, { returnTo: '/account' });
    const path = `/auth/callback?token=${arrived.session.handle}`;
    for (const location of ['/account', '/']) {
      const answer = await arrived.request(path, { headers: ACCEPTS_PAGES });
      expect(answer.status).toBe(302);
      expect(answer.headers['location']).toBe(location);
    }
    expectPage(await open(path), 200);
    const foreign = await Browser.signIn(app, userId, { returnTo: '//evil.example' });
    const answer = await foreign.request('/auth/callback', { headers: ACCEPTS_PAGES });
    expect(answer.headers['location']).toBe('/');
  });
});

describe('terraform login is offered', () => {
  const offered = async (app: TestApp) => 'login.v1' in (await app.request(DISCOVERY)).json();

  it('as soon as somebody can sign in, and not before', async () => {
    const app = await TestApp.start();
    try {
      expect(await offered(app)).toBe(false);
      const closed = await app.request(new LoginClient().authorizePath(), { headers: ACCEPTS_PAGES });
      expect(closed.status).toBe(404);
      const refused = await new LoginClient().redeem((path, options) => app.request(path, options), 'x');
      expect(refused.status).toBe(404);
      const person = await addPerson(app);
      await app.get(LocalAccounts).setPassword(person, PASSWORD, { mustChange: false });
      expect(await offered(app)).toBe(true);
    } finally {
      await app.stop();
    }
  });

  it('never when it is switched off, always when it is switched on', async () => {
    for (const enabled of ['false', 'true']) {
      const app = await TestApp.start({ TFR_AUTH_LOGIN_ENABLED: enabled });
      try {
        await app.get(LocalAccounts).setPassword(await addPerson(app), PASSWORD, { mustChange: false });
        expect(await offered(app)).toBe(enabled === 'true');
      } finally {
        await app.stop();
      }
    }
  });

  it('without an end and with other scopes, as configured', async () => {
    const app = await TestApp.start({
      TFR_AUTH_LOGIN_TOKEN_TTL: '0',
      TFR_AUTH_LOGIN_SCOPES: 'modules:read,modules:write,audit:read',
      TFR_AUTH_LOGIN_ENABLED: 'true',
    });
    try {
      const person = await addPerson(app, { [await defaultOrganizationOf(app)]: 'member' });
      const browser = await Browser.signIn(app, person);
      const client = new LoginClient();
      const code = await client.code((path, options) => browser.request(path, options));
      const answer = await client.redeem((path, options) => app.request(path, options), code);
      expect(answer.json()).not.toHaveProperty('expires_in');
      const [key] = await app.query('SELECT scopes, expires_at FROM api_keys WHERE user_id = $1', [person]);
      expect(key).toEqual({ scopes: ['modules:read', 'modules:write'], expires_at: null });
    } finally {
      await app.stop();
    }
  });

  it('without the other pages, which another web client has', async () => {
    const app = await TestApp.start({ TFR_WEB_ENABLED: 'false', TFR_AUTH_LOGIN_ENABLED: 'true' });
    try {
      for (const path of ['/', '/sign-in', '/account', '/change-password', '/auth/callback']) {
        expect((await app.request(path, { headers: ACCEPTS_PAGES })).status, path).toBe(404);
      }
      const client = new LoginClient();
      const first = await app.request(client.authorizePath(), { headers: ACCEPTS_PAGES });
      expect(first.status).toBe(200);
      expect(first.body.toString()).toContain('in another window');
      const [, style] = /rel="stylesheet" href="(\/api\/v1\/oauth\/assets\/[^"]+)"/.exec(
        first.body.toString(),
      )!;
      expect((await app.request(style!)).status).toBe(200);
      const person = await addPerson(app, { [await defaultOrganizationOf(app)]: 'member' });
      const browser = await Browser.signIn(app, person);
      const code = await client.code((path, options) => browser.request(path, options));
      expect((await client.redeem((path, options) => app.request(path, options), code)).status).toBe(200);
    } finally {
      await app.stop();
    }
  });
});
