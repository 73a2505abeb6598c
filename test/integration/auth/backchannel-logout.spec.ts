import { createHmac, randomUUID } from 'node:crypto';
import { base64url } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../support/browser.js';
import { CertifiedIdentityProvider } from '../../support/fakes/identity-provider.js';
import {
  LyingIdentityProvider,
  newSigningJwk,
  publicPart,
} from '../../support/fakes/identity-provider-liar.js';
import type { Answer } from '../../support/http-request.js';
import { TestApp } from '../../support/test-app.js';
import {
  CALLBACK,
  CLIENT_ID,
  CLIENT_SECRET,
  oidcSettings,
  signIn,
  toldBy,
  whoIs,
} from './support/sign-in.js';

type Json = Record<string, unknown>;

const PATH = '/api/v1/auth/backchannel-logout';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

const now = (): number => Math.floor(Date.now() / 1000);
const encode = (value: unknown): string => base64url.encode(JSON.stringify(value));

/** A browser that is signed in, and its handle. */
interface SignedIn {
  readonly browser: Browser;
  readonly token: string;
}

const isSignedIn = async ({ browser, token }: SignedIn, at: TestApp): Promise<boolean> => {
  browser.useProcess(at.url);
  return (await whoIs(browser, token)) !== undefined;
};

describe('signing out at a certified identity provider', () => {
  let provider: CertifiedIdentityProvider;
  let app: TestApp;
  let replica: TestApp;
  const delivered: number[] = [];

  beforeAll(async () => {
    provider = await CertifiedIdentityProvider.start({
      id: CLIENT_ID,
      secret: CLIENT_SECRET,
      redirectUri: CALLBACK,
      postLogoutUri: 'http://registry.test/',
      backChannelLogoutUri: `http://registry.test${PATH}`,
    });
    app = await TestApp.start(oidcSettings(provider.issuer));
    replica = await app.another();
    // Through a dispatcher of its own the provider would not reach an address of loopback.
    provider.deliver = async (url, { headers, body } = {}) => {
      const { pathname } = new URL(String(url));
      const answer = await fetch(new URL(pathname, app.url), { method: 'POST', headers, body });
      delivered.push(answer.status);
      return answer;
    };
  });
  afterAll(async () => {
    await replica.stop();
    await app.stop();
    await provider.stop();
  });

  async function signedIn(name: string): Promise<SignedIn> {
    provider.accounts.set(name, { email: `${name}@example.com`, email_verified: true, name });
    provider.signsIn = name;
    const browser = new Browser(app.url);
    return { browser, token: (await signIn(browser)).token! };
  }

  it('ends the session that began with it, on every replica within a second, and no other (B8)', async () => {
    const [mine, elsewhere, other] = [await signedIn('ada'), await signedIn('ada'), await signedIn('bea')];
    expect(await isSignedIn(mine, replica)).toBe(true);
    const page = await mine.browser.open(`${provider.issuer}/session/end`);
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page.body.toString()) ?? [];
    await mine.browser.submit(`${provider.issuer}/session/end/confirm`, { xsrf, logout: 'yes' });
    expect(delivered).toEqual([200]);
    const ended = performance.now();
    await expect.poll(() => isSignedIn(mine, replica), { interval: 10 }).toBe(false);
    const seconds = (performance.now() - ended) / 1000;
    console.log(`ended at the provider, refused by another replica after ${Math.round(seconds * 1000)} ms`);
    expect(seconds).toBeLessThanOrEqual(1);
    expect(await isSignedIn(mine, app)).toBe(false);
    expect([await isSignedIn(elsewhere, app), await isSignedIn(other, replica)]).toEqual([true, true]);
    const records = await app.query(
      `SELECT metadata->>'ended_sessions' AS ended FROM audit_entries WHERE action = $1`,
      [`POST ${PATH}`],
    );
    expect(records).toEqual([{ ended: '1' }]);
  });
});

describe('a logout token', () => {
  let provider: LyingIdentityProvider;
  let stranger: LyingIdentityProvider;
  let app: TestApp;

  beforeAll(async () => {
    provider = await LyingIdentityProvider.start(CLIENT_ID);
    stranger = await LyingIdentityProvider.start(CLIENT_ID);
    app = await TestApp.start(oidcSettings(provider.issuer));
  });
  afterEach(() => {
    provider.lies = {};
  });
  afterAll(async () => {
    await app.stop();
    await Promise.all([provider.stop(), stranger.stop()]);
  });

  /** Somebody signs in; the provider names the session there or does not. */
  async function signedIn(sub: string, sid?: string): Promise<SignedIn> {
    provider.person = {
      sub,
      email: `${sub}@example.com`,
      email_verified: true,
      name: sub,
      ...(sid && { sid }),
    };
    const browser = new Browser(app.url);
    const { headers } = await browser.open('/api/v1/auth/login');
    const answer = provider.authorize(String(headers.location));
    return { browser, token: toldBy(await browser.open(`/api/v1/auth/callback?${answer}`)).token! };
  }

  const claimsOf = (who: { sub?: string; sid?: string }, more: Json = {}): Json => ({
    iss: provider.issuer,
    aud: CLIENT_ID,
    iat: now(),
    exp: now() + 120,
    jti: randomUUID(),
    events: { [EVENT]: {} },
    ...who,
    ...more,
  });
  const send = (token: string): Promise<Answer> => sendFields({ logout_token: token });
  const sendFields = (fields: Record<string, string>): Promise<Answer> =>
    app.request(PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    });
  const signed = (claims: Json, header: Json = {}): Promise<string> =>
    provider.sign(claims, { typ: 'logout+jwt', ...header });

  it('with a subject alone ends all sessions of the subject', async () => {
    const sessions = [await signedIn('cleo', 'one'), await signedIn('cleo'), await signedIn('dora')];
    const answer = await send(await signed(claimsOf({ sub: 'cleo' })));
    expect([answer.status, answer.headers['cache-control'], answer.body.length]).toEqual([
      200,
      'no-store',
      0,
    ]);
    const left = await Promise.all(sessions.map((one) => isSignedIn(one, app)));
    expect(left).toEqual([false, false, true]);
  });

  it('with a session there alone ends that one, and with both also those that name none', async () => {
    const [first, second, nameless] = [
      await signedIn('emmy', 'first'),
      await signedIn('emmy', 'second'),
      await signedIn('emmy'),
    ];
    const left = () => Promise.all([first, second, nameless].map((one) => isSignedIn(one, app)));
    expect((await send(await signed(claimsOf({ sid: 'first' })))).status).toBe(200);
    expect(await left()).toEqual([false, true, true]);
    expect((await send(await signed(claimsOf({ sub: 'nobody', sid: 'second' })))).status).toBe(200);
    expect(await left()).toEqual([false, true, true]);
    expect((await send(await signed(claimsOf({ sub: 'emmy', sid: 'third' })))).status).toBe(200);
    expect(await left()).toEqual([false, true, false]);
  });

  it('may have the usual type, and any key that the provider publishes', async () => {
    const session = await signedIn('fay');
    expect((await send(await signed(claimsOf({ sub: 'fay' }), { typ: 'JWT' }))).status).toBe(200);
    expect(await isSignedIn(session, app)).toBe(false);
    expect((await send(await provider.sign(claimsOf({ sub: 'fay' })))).status).toBe(200);
  });

  it('ends sessions that began with a configuration that was replaced meanwhile', async () => {
    const session = await signedIn('gwen');
    const stored = (id: string, clientId: string) =>
      app.query(
        `INSERT INTO identity_settings (id, name, provider_type, issuer_url, client_id, client_secret, redirect_url,
           scopes, is_active) VALUES ($1, 'old', 'generic_oidc', $2, $3, '\\x00', $4, '{openid}', false)`,
        [id, provider.issuer, clientId, CALLBACK],
      );
    const [old, foreign] = [randomUUID(), randomUUID()];
    await stored(old, CLIENT_ID);
    await stored(foreign, 'another-client');
    const beganWith = (id: string) =>
      app.query(
        `UPDATE sessions s SET identity_id = $1 FROM users u WHERE u.id = s.user_id AND u.oidc_sub = 'gwen'`,
        [id],
      );
    await beganWith(foreign);
    await send(await signed(claimsOf({ sub: 'gwen' })));
    expect(await isSignedIn(session, app)).toBe(true);
    await beganWith(old);
    await send(await signed(claimsOf({ sub: 'gwen' })));
    await expect.poll(() => isSignedIn(session, app)).toBe(false);
  });

  it('does nothing to local sessions and to what has ended, and says so with 200', async () => {
    const token = () => signed(claimsOf({ sub: 'somebody-unknown', sid: 'unknown' }));
    expect((await send(await token())).status).toBe(200);
    expect((await send(await token())).status).toBe(200);
  });

  it('is good for one use, of many at the same time too', async () => {
    await signedIn('hana');
    const token = await signed(claimsOf({ sub: 'hana' }));
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(19);
  });

  it('cannot be judged while the keys cannot be had, and is good again afterwards', async () => {
    const late = await LyingIdentityProvider.start(CLIENT_ID);
    const other = await TestApp.start(oidcSettings(late.issuer));
    try {
      late.lies = { answers: { keys: (response) => void response.writeHead(503).end() } };
      const token = await late.sign(claimsOf({ sub: 'ida' }, { iss: late.issuer }));
      const body = new URLSearchParams({ logout_token: token }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const ask = () => other.request(PATH, { method: 'POST', headers, body });
      expect((await ask()).status).toBe(502);
      late.lies = {};
      expect((await ask()).status).toBe(200);
    } finally {
      await other.stop();
      await late.stop();
    }
  });

  describe('is refused, and ends nothing,', () => {
    let session: SignedIn;
    beforeAll(async () => {
      session = await signedIn('judy', 'here');
    });

    const who = { sub: 'judy', sid: 'here' };
    const claims = (change: Json) => async () => signed(claimsOf(who, change));
    const header = (change: Json) => async () => signed(claimsOf(who), change);
    const mac = (alg: string, secret: string) => async () => {
      const text = `${encode({ alg, kid: 'first' })}.${encode(claimsOf(who))}`;
      return `${text}.${createHmac(`sha${alg.slice(2)}`, secret)
        .update(text)
        .digest('base64url')}`;
    };
    const resigned = (change: (parts: string[]) => string[]) => async () =>
      change((await signed(claimsOf(who))).split('.')).join('.');

    const MUTATIONS: [name: string, make: () => Promise<string>][] = [
      ['another issuer', claims({ iss: 'https://idp.example.com' })],
      ['no issuer', claims({ iss: undefined })],
      ['an issuer with a slash more', async () => signed(claimsOf(who, { iss: `${provider.issuer}/` }))],
      ['the issuer of another key', async () => stranger.sign(claimsOf(who))],
      [
        'a token of a provider that is not used',
        () => stranger.sign(claimsOf(who, { iss: stranger.issuer })),
      ],
      ['another audience', claims({ aud: 'unknown-client' })],
      ['no audience', claims({ aud: undefined })],
      ['several audiences and no authorized party', claims({ aud: [CLIENT_ID, 'unknown-client'] })],
      ['another authorized party', claims({ azp: 'unknown-client' })],
      ['no iat', claims({ iat: undefined })],
      ['an iat that is a text', claims({ iat: String(now()) })],
      ['an iat six minutes ago', claims({ iat: now() - 365 })],
      ['an iat in two minutes', claims({ iat: now() + 120 })],
      ['an end in the past', claims({ exp: now() - 65 })],
      ['an end that is a text', claims({ exp: 'tomorrow' })],
      ['no jti', claims({ jti: undefined })],
      ['an empty jti', claims({ jti: '' })],
      ['a jti that is a number', claims({ jti: 5 })],
      ['no events', claims({ events: undefined })],
      ['other events', claims({ events: { 'https://example.com/event': {} } })],
      ['events as a list', claims({ events: [EVENT] })],
      ['an event that is no object', claims({ events: { [EVENT]: true } })],
      ['an event that is null', claims({ events: { [EVENT]: null } })],
      ['a nonce', claims({ nonce: 'abc' })],
      ['a nonce that is null', claims({ nonce: null })],
      ['neither sub nor sid', claims({ sub: undefined, sid: undefined })],
      ['a sub that is a number', claims({ sub: 5 })],
      ['an empty sub', claims({ sub: '' })],
      ['a sid that is a list', claims({ sid: ['here'] })],
      ['the type of an access token', header({ typ: 'at+jwt' })],
      ['another key under the same id', async () => provider.sign(claimsOf(who), {}, newSigningJwk('first'))],
      ['a key that is not published', async () => provider.sign(claimsOf(who), {}, newSigningJwk('second'))],
      [
        'its own key in the header',
        async () => {
          const own = newSigningJwk('own');
          return provider.sign(claimsOf(who), { jwk: publicPart(own) }, own);
        },
      ],
      ['an algorithm that the provider does not announce', header({ alg: 'RS512' })],
      ['a MAC with the client secret', mac('HS256', CLIENT_SECRET)],
      ['a MAC with an empty secret', mac('HS512', '')],
      ['no signature', resigned(([, body = '']) => [encode({ alg: 'none' }), body, ''])],
      ['a changed payload', resigned(([head = '', , seal = '']) => [head, encode(claimsOf(who)), seal])],
      ['a signature cut off', resigned(([head = '', body = '']) => [head, body, ''])],
      ['a text that is no token', async () => 'not.a.token'],
      ['nothing', async () => ''],
      ['20 kB', async () => signed(claimsOf(who, { filler: 'x'.repeat(20_000) }))],
    ];

    it.each(MUTATIONS)('with %s', async (_name, make) => {
      const answer = await send(await make());
      expect(answer.status).toBe(400);
      expect(answer.headers['cache-control']).toBe('no-store');
      const { error, error_description: description } = answer.json<Record<string, string>>();
      expect(error).toBe('invalid_request');
      expect(description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
      expect(await isSignedIn(session, app)).toBe(true);
    });

    it('as an identity token that the registry took for signing in', async () => {
      let idToken = '';
      provider.lies = { idToken: (_claims, honest) => (idToken = honest) };
      const kate = await signedIn('kate', 'kate');
      expect((await send(idToken)).status).toBe(400);
      expect(await isSignedIn(kate, app)).toBe(true);
    });

    it('in another form than the one of the protocol', async () => {
      const token = await signed(claimsOf(who));
      expect((await sendFields({ token })).status).toBe(400);
      expect((await app.request(`${PATH}?logout_token=${token}`, { method: 'POST' })).status).toBe(400);
      expect((await app.request(`${PATH}?logout_token=${token}`)).status).toBe(405);
      expect(await isSignedIn(session, app)).toBe(true);
    });
  });
});
