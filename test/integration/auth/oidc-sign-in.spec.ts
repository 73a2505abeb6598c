import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../support/browser.js';
import { CertifiedIdentityProvider } from '../../support/fakes/identity-provider.js';
import { TestApp } from '../../support/test-app.js';
import {
  CALLBACK,
  CLIENT_ID,
  CLIENT_SECRET,
  oidcSettings,
  rolesOf,
  signIn,
  toldBy,
  whoIs,
} from './support/sign-in.js';

const MAPPINGS = [
  { group: 'platform', organization: 'default', role: 'publisher' },
  { group: 'readers', organization: 'team', role: 'viewer' },
  { group: 'writers', organization: 'team', role: 'member' },
  { group: 'ghosts', organization: 'nowhere', role: 'viewer' },
];

let provider: CertifiedIdentityProvider;
let app: TestApp;

beforeAll(async () => {
  provider = await CertifiedIdentityProvider.start({
    id: CLIENT_ID,
    secret: CLIENT_SECRET,
    redirectUri: CALLBACK,
    postLogoutUri: 'http://registry.test/',
  });
  app = await TestApp.start(
    oidcSettings(provider.issuer, {
      TFR_AUTH_OIDC_SCOPES: 'openid,email,profile,groups',
      TFR_AUTH_OIDC_GROUP_CLAIM_NAME: 'groups',
      TFR_AUTH_OIDC_GROUP_MAPPINGS: JSON.stringify(MAPPINGS),
      TFR_AUTH_OIDC_DISPLAY_NAME: 'Company account',
    }),
  );
  await app.addOrganization('team');
});
afterAll(async () => {
  await app.stop();
  await provider.stop();
});

/** A browser in which this account signs in. */
function browserOf(name: string, more: { groups?: string[]; email_verified?: boolean; email?: string } = {}) {
  const email = `${name}@example.com`;
  provider.accounts.set(name, { email, email_verified: true, name: `${name} Example`, ...more });
  provider.signsIn = name;
  return new Browser(app.url);
}

describe('signing in with an OpenID Connect provider', () => {
  it('sends the browser to the provider with code, S256 and single-use values, and binds it by a cookie', async () => {
    const browser = browserOf('ada');
    const answer = await browser.open('/api/v1/auth/login');
    expect(answer.status).toBe(302);
    const { origin, searchParams } = new URL(String(answer.headers.location));
    expect(origin).toBe(provider.issuer);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: CALLBACK,
      scope: 'openid email profile groups',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(searchParams.get(name)).toMatch(/^[\w-]{43}$/);
    }
    const [cookie] = answer.headers['set-cookie']!;
    expect(cookie).toMatch(/^tfr_login=[\w-]{43}; Max-Age=300; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('makes the user, and gives a handle that proves nothing without the cookie', async () => {
    const browser = browserOf('grace');
    const { token } = await signIn(browser);
    expect(token).toMatch(/^tfrs_[\w-]{22}$/);
    expect(await whoIs(browser, token)).toBe('grace@example.com');
    expect(await whoIs(new Browser(app.url), token)).toBeUndefined();
    expect(browser.cookie('tfr_login')).toBeUndefined();
    const [user] = await app.query(`SELECT name, oidc_sub FROM users WHERE email = 'grace@example.com'`);
    expect(user).toEqual({ name: 'grace Example', oidc_sub: 'grace' });
    await signIn(browserOf('grace'));
    const users = await app.query(`SELECT id FROM users WHERE oidc_sub = 'grace'`);
    expect(users).toHaveLength(1);
  });

  it('starts on one replica and finishes on another', async () => {
    const other = await app.another();
    try {
      const browser = browserOf('barbara');
      const callback = await browser.follow('/api/v1/auth/login', CALLBACK);
      browser.useProcess(other.url);
      const { token } = toldBy(await browser.open(callback));
      expect(await whoIs(browser, token)).toBe('barbara@example.com');
      browser.useProcess(app.url);
      expect(await whoIs(browser, token)).toBe('barbara@example.com');
    } finally {
      await other.stop();
    }
  });

  it('lets exactly one of 50 simultaneous callbacks win (B9)', async () => {
    const browser = browserOf('hedy');
    const callback = await browser.follow('/api/v1/auth/login', CALLBACK);
    const cookie = `tfr_login=${browser.cookie('tfr_login')}`;
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => new Browser(app.url).open(callback, { cookie })),
    );
    const told = answers.map(toldBy);
    expect(told.filter(({ token }) => token !== undefined)).toHaveLength(1);
    expect(told.filter(({ error }) => error === 'invalid_state')).toHaveLength(49);
    expect(
      await app.query(
        `SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = 'hedy@example.com'`,
      ),
    ).toHaveLength(1);
  });

  it('refuses a callback in another browser, and leaves it to its own (B9)', async () => {
    const mine = browserOf('katherine');
    const callback = await mine.follow('/api/v1/auth/login', CALLBACK);
    const foreign = browserOf('mallory');
    const foreignCallback = await foreign.follow('/api/v1/auth/login', CALLBACK);
    expect(toldBy(await foreign.open(callback)).error).toBe('invalid_state');
    expect(toldBy(await new Browser(app.url).open(callback)).error).toBe('invalid_state');
    expect(toldBy(await mine.open(foreignCallback)).error).toBe('invalid_state');
    const own = new Browser(app.url);
    provider.signsIn = 'katherine';
    expect(await whoIs(own, (await signIn(own)).token)).toBe('katherine@example.com');
  });

  it('ends a sign-in that took longer than five minutes', async () => {
    const browser = browserOf('radia');
    const callback = await browser.follow('/api/v1/auth/login', CALLBACK);
    await app.query(`UPDATE sign_in_states SET expires_at = now() WHERE expires_at > now()`);
    expect(toldBy(await browser.open(callback)).error).toBe('state_expired');
    expect(toldBy(await browser.open(callback)).error).toBe('invalid_state');
    const [row] = await app.query<{ seconds: number }>(
      `SELECT extract(epoch FROM max(expires_at) - now())::int AS seconds FROM sign_in_states`,
    );
    expect(row!.seconds ?? 0).toBeLessThanOrEqual(300);
  });

  it('tells the page when the provider refuses, and when the account is disabled', async () => {
    const refused = browserOf('nobody');
    provider.signsIn = undefined;
    expect((await signIn(refused)).error).toBe('access_denied');
    await signIn(browserOf('disabled'));
    await app.query(`UPDATE users SET is_active = false WHERE email = 'disabled@example.com'`);
    expect((await signIn(browserOf('disabled'))).error).toBe('access_denied');
  });

  it('keeps the way back on the server', async () => {
    const browser = browserOf('annie');
    await signIn(browser, '?return_to=/modules%3Fq%3Dvpc');
    const rows = await app.query(`SELECT return_to FROM sessions s JOIN users u ON u.id = s.user_id
      WHERE u.email = 'annie@example.com'`);
    expect(rows).toEqual([{ return_to: '/modules?q=vpc' }]);
  });

  it('signs out of the provider too, and the session is gone (B8)', async () => {
    const browser = browserOf('edith');
    const { token } = await signIn(browser);
    const answer = await browser.open('/api/v1/auth/logout');
    const address = new URL(String(answer.headers.location));
    expect(address.href).toContain(`${provider.issuer}/session/end`);
    expect(address.searchParams.get('client_id')).toBe(CLIENT_ID);
    expect(address.searchParams.get('post_logout_redirect_uri')).toBe('http://registry.test/');
    expect(address.searchParams.get('id_token_hint')).toMatch(/^eyJ/);
    expect((await browser.open(address.href)).status).toBe(200);
    expect(await whoIs(browser, token)).toBeUndefined();
  });
});

describe('who may become whom (B13)', () => {
  it('joins an account without subject by a verified address only', async () => {
    await app.query(
      `INSERT INTO users (email, name) VALUES ('vera@example.com', 'Vera'), ('eve@example.com', 'E')`,
    );
    expect((await signIn(browserOf('vera'))).token).toBeDefined();
    expect((await signIn(browserOf('eve', { email_verified: false }))).error).toBe('user_creation_failed');
    provider.accounts.set('eve', { email: 'eve@example.com', name: 'Eve' });
    expect((await signIn(new Browser(app.url))).error).toBe('user_creation_failed');
    const rows = await app.query(
      `SELECT email, oidc_sub FROM users WHERE email IN ('vera@example.com', 'eve@example.com') ORDER BY email`,
    );
    expect(rows).toEqual([
      { email: 'eve@example.com', oidc_sub: null },
      { email: 'vera@example.com', oidc_sub: 'vera' },
    ]);
  });

  it('never gives an account with a subject to another one', async () => {
    await signIn(browserOf('joan'));
    provider.accounts.set('impostor', { email: 'joan@example.com', email_verified: true, name: 'Not Joan' });
    provider.signsIn = 'impostor';
    expect((await signIn(new Browser(app.url))).error).toBe('user_creation_failed');
  });

  it('leaves nothing behind when it refuses', async () => {
    const before = await app.query(`SELECT count(*) FROM sessions`);
    await app.query(`INSERT INTO users (email, name) VALUES ('lin@example.com', 'Lin')`);
    const refused = browserOf('lin', { email_verified: false, groups: ['platform'] });
    expect((await signIn(refused)).error).toBe('user_creation_failed');
    expect(await rolesOf(app, 'lin@example.com')).toEqual({});
    expect(await app.query(`SELECT count(*) FROM sessions`)).toEqual(before);
    expect(refused.cookie('tfr_session')).toBeUndefined();
  });
});

describe('roles by group (B15)', () => {
  const email = 'ida@example.com';
  const arrive = (...groups: string[]) => signIn(browserOf('ida', { groups }));

  it('are added, changed and taken away at each sign-in; those given by hand stay', async () => {
    await arrive('readers', 'platform', 'unknown', 'ghosts');
    expect(await rolesOf(app, email)).toEqual({ default: 'publisher', team: 'viewer' });
    await arrive('readers', 'writers');
    expect(await rolesOf(app, email)).toEqual({ team: 'member' });
    await app.query(
      `INSERT INTO memberships (organization_id, user_id, role_template_id)
      SELECT o.id, u.id, r.id FROM organizations o, users u, role_templates r
      WHERE o.name = 'default' AND u.email = $1 AND r.name = 'auditor'`,
      [email],
    );
    await arrive('platform', 'readers');
    expect(await rolesOf(app, email)).toEqual({ default: 'auditor!', team: 'viewer' });
    await arrive();
    expect(await rolesOf(app, email)).toEqual({ default: 'auditor!' });
  });
});

describe('what the browser side gets (auth.session.browser_token)', () => {
  it.each(['none', 'jwt'])('%s', async (browserToken) => {
    const settings = oidcSettings(provider.issuer, { TFR_AUTH_SESSION_BROWSER_TOKEN: browserToken });
    const process = await TestApp.start(settings);
    try {
      const browser = browserOf('ruth');
      browser.useProcess(process.url);
      const { token } = await signIn(browser);
      expect(browser.cookie('tfr_session')).toMatch(/^[\w-]{43}$/);
      const elsewhere = await whoIs(new Browser(process.url), token);
      expect([token !== undefined, elsewhere]).toEqual(
        browserToken === 'jwt' ? [true, 'ruth@example.com'] : [false, undefined],
      );
    } finally {
      await process.stop();
    }
  });
});

describe('GET /api/v1/auth/providers', () => {
  it('lists the ways to sign in', async () => {
    expect(
      (await app.request('/api/v1/auth/providers', { headers: { host: 'registry.test' } })).json(),
    ).toEqual({
      providers: [
        { id: 'oidc', display_name: 'Company account' },
        { id: 'local', display_name: 'Local account' },
      ],
      anonymous_read: true,
      dev_login: false,
    });
  });
});
