import { createHmac } from 'node:crypto';
import { base64url } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../support/browser.js';
import {
  type Lies,
  LyingIdentityProvider,
  newSigningJwk,
  publicPart,
} from '../../support/fakes/identity-provider-liar.js';
import { TestApp } from '../../support/test-app.js';
import { CLIENT_ID, CLIENT_SECRET, oidcSettings, type Told, toldBy } from './support/sign-in.js';

type Json = Record<string, unknown>;

/** One single change of a sign-in that is otherwise right, and what the page is told. */
type Mutation = [
  name: string,
  error: string,
  change: Lies | ((answer: URLSearchParams, browser: Browser) => void),
];

let provider: LyingIdentityProvider;
/** A provider that the registry does not use. */
let stranger: LyingIdentityProvider;
let app: TestApp;

beforeAll(async () => {
  provider = await LyingIdentityProvider.start(CLIENT_ID);
  stranger = await LyingIdentityProvider.start(CLIENT_ID);
  app = await TestApp.start(oidcSettings(provider.issuer));
});
afterEach(() => {
  provider.lies = {};
  provider.person = { sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada' };
});
afterAll(async () => {
  await app.stop();
  await Promise.all([provider.stop(), stranger.stop()]);
});

/** A whole sign-in with one change; gives what the page was told. */
async function signInWith(change: Mutation[2] = {}): Promise<Told & { browser: Browser }> {
  const browser = new Browser(app.url);
  const answer = provider.authorize(await login(browser));
  if (typeof change === 'function') change(answer, browser);
  else provider.lies = change;
  const told = toldBy(await browser.open(`/api/v1/auth/callback?${answer}`));
  return { ...told, browser };
}

async function login(browser: Browser, query = ''): Promise<string> {
  const { status, headers, body } = await browser.open(`/api/v1/auth/login${query}`);
  expect(status, body.toString()).toBe(302);
  return String(headers.location);
}

const claim = (name: string, value: unknown): Lies => ({
  claims: (claims) => ({ ...claims, [name]: value }),
});
const parts = (token: string): string[] => token.split('.');
const encode = (value: Json): string => base64url.encode(JSON.stringify(value));
const answering = (status: number, body = '{}', type = 'application/json'): Lies => ({
  answers: { token: (response) => void response.writeHead(status, { 'content-type': type }).end(body) },
});
const hmac = (claims: Json, secret: string): string => {
  const signed = `${encode({ alg: 'HS256', kid: 'first' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};
const now = (): number => Math.floor(Date.now() / 1000);

const CALLBACK_MUTATIONS: Mutation[] = [
  ['no state', 'invalid_state', (answer) => answer.delete('state')],
  ['an empty state', 'invalid_state', (answer) => answer.set('state', '')],
  ['a state of somebody else', 'invalid_state', (answer) => answer.set('state', 'A'.repeat(43))],
  ['a changed state', 'invalid_state', (answer) => answer.set('state', `${answer.get('state')}x`)],
  [
    'a state in lower case',
    'invalid_state',
    (answer) => answer.set('state', answer.get('state')!.toLowerCase()),
  ],
  ['two states', 'invalid_state', (answer) => answer.append('state', answer.get('state')!)],
  ['no cookie', 'invalid_state', (_answer, browser) => browser.setCookie('tfr_login', undefined)],
  ['an empty cookie', 'invalid_state', (_answer, browser) => browser.setCookie('tfr_login', '')],
  [
    'a cookie of somebody else',
    'invalid_state',
    (_answer, browser) => browser.setCookie('tfr_login', 'B'.repeat(43)),
  ],
  ['a malformed cookie', 'invalid_state', (_answer, browser) => browser.setCookie('tfr_login', 'short')],
  ['no code', 'token_exchange_failed', (answer) => answer.delete('code')],
  ['an empty code', 'token_exchange_failed', (answer) => answer.set('code', '')],
  ['another code', 'token_exchange_failed', (answer) => answer.set('code', 'c'.repeat(32))],
  ['two codes', 'token_exchange_failed', (answer) => answer.append('code', 'c')],
  ['no iss, though announced (B11)', 'token_exchange_failed', (answer) => answer.delete('iss')],
  [
    'the iss of another provider (B11)',
    'token_exchange_failed',
    (answer) => answer.set('iss', stranger.issuer),
  ],
  ['an iss with a slash', 'token_exchange_failed', (answer) => answer.set('iss', `${provider.issuer}/`)],
  ['two iss', 'token_exchange_failed', (answer) => answer.append('iss', stranger.issuer)],
  ['a signed response instead', 'token_exchange_failed', (answer) => answer.set('response', 'a.b.c')],
  ['an error of the provider', 'access_denied', (answer) => answer.set('error', 'server_error')],
];

const TOKEN_ENDPOINT_MUTATIONS: Mutation[] = [
  ['an error', 'token_exchange_failed', answering(400, '{"error":"invalid_grant"}')],
  ['an internal error', 'token_exchange_failed', answering(500)],
  ['HTML', 'token_exchange_failed', answering(200, '<html>', 'text/html')],
  ['no JSON', 'token_exchange_failed', answering(200, '{"id_token":')],
  ['a list', 'token_exchange_failed', answering(200, '[]')],
  ['a redirect', 'token_exchange_failed', answering(302)],
  ['no access token', 'token_exchange_failed', { token: ({ access_token: _, ...rest }) => rest }],
  ['no token type', 'token_exchange_failed', { token: ({ token_type: _, ...rest }) => rest }],
  ['another token type', 'token_exchange_failed', { token: (answer) => ({ ...answer, token_type: 'mac' }) }],
  ['no identity token', 'no_id_token', { token: ({ id_token: _, ...rest }) => rest }],
  ['a number as identity token', 'no_id_token', { idToken: () => 42 }],
  ['null as identity token', 'no_id_token', { idToken: () => null }],
];

const SIGNATURE_MUTATIONS: Mutation[] = [
  ['alg none', 'id_token_invalid', { idToken: (claims) => `${encode({ alg: 'none' })}.${encode(claims)}.` }],
  [
    'alg none with the old signature',
    'id_token_invalid',
    { idToken: (claims, honest) => `${encode({ alg: 'none' })}.${encode(claims)}.${parts(honest)[2]}` },
  ],
  ['HMAC with the client secret', 'id_token_invalid', { idToken: (claims) => hmac(claims, CLIENT_SECRET) }],
  [
    'HMAC with the public key',
    'id_token_invalid',
    { idToken: (claims) => hmac(claims, JSON.stringify(publicPart(provider.key))) },
  ],
  ['an algorithm that is not announced', 'id_token_invalid', { header: { alg: 'RS512' } }],
  ['an unknown key', 'id_token_invalid', { header: { kid: 'unknown' } }],
  [
    'a key of its own under a known name',
    'id_token_invalid',
    { idToken: (claims) => provider.sign(claims, { kid: 'first' }, newSigningJwk('second')) },
  ],
  [
    'a key in the header (B2)',
    'id_token_invalid',
    {
      idToken: (claims) => {
        const own = newSigningJwk('own');
        return provider.sign(claims, { jwk: publicPart(own), kid: 'own' }, own);
      },
    },
  ],
  [
    'an address of keys in the header (B2)',
    'id_token_invalid',
    { idToken: (claims) => provider.sign(claims, { jku: `${stranger.issuer}/keys` }, stranger.key) },
  ],
  ['no signature', 'id_token_invalid', { idToken: (_, honest) => `${parts(honest).slice(0, 2).join('.')}.` }],
  ['two parts', 'id_token_invalid', { idToken: (_, honest) => parts(honest).slice(0, 2).join('.') }],
  ['four parts', 'id_token_invalid', { idToken: (_, honest) => `${honest}.a` }],
  ['a cut signature', 'id_token_invalid', { idToken: (_, honest) => honest.slice(0, -4) }],
  [
    'other claims under the signature',
    'id_token_invalid',
    {
      idToken: (claims, honest) =>
        [parts(honest)[0], encode({ ...claims, sub: 'root' }), parts(honest)[2]].join('.'),
    },
  ],
  [
    'a critical header that is not understood',
    'id_token_invalid',
    {
      idToken: (claims, honest) =>
        `${encode({ alg: 'RS256', kid: 'first', crit: ['x'], x: 1 })}.${encode(claims)}.${parts(honest)[2]}`,
    },
  ],
  [
    'no JSON inside',
    'id_token_invalid',
    { idToken: (_, honest) => `${parts(honest)[0]}.e30x.${parts(honest)[2]}` },
  ],
  ['an empty text', 'id_token_invalid', { idToken: () => 'a.b.c' }],
];

const CLAIM_MUTATIONS: Mutation[] = [
  ['no nonce (B10)', 'id_token_invalid', claim('nonce', undefined)],
  ['another nonce (B10)', 'id_token_invalid', claim('nonce', 'A'.repeat(43))],
  ['an empty nonce', 'id_token_invalid', claim('nonce', '')],
  [
    'a nonce in a list',
    'id_token_invalid',
    { claims: (claims) => ({ ...claims, nonce: [claims['nonce']] }) },
  ],
  ['no issuer', 'id_token_invalid', claim('iss', undefined)],
  [
    'an issuer with a slash (B3)',
    'id_token_invalid',
    { claims: (claims) => ({ ...claims, iss: `${String(claims['iss'])}/` }) },
  ],
  [
    'an issuer in upper case',
    'id_token_invalid',
    { claims: (claims) => ({ ...claims, iss: String(claims['iss']).toUpperCase() }) },
  ],
  ['another issuer (B11)', 'id_token_invalid', { claims: (claims) => ({ ...claims, iss: stranger.issuer }) }],
  ['an issuer in a list', 'id_token_invalid', { claims: (claims) => ({ ...claims, iss: [claims['iss']] }) }],
  ['no audience', 'id_token_invalid', claim('aud', undefined)],
  ['another audience', 'id_token_invalid', claim('aud', 'another-client')],
  ['an audience that begins alike', 'id_token_invalid', claim('aud', `${CLIENT_ID}2`)],
  ['an empty list of audiences', 'id_token_invalid', claim('aud', [])],
  ['a list without this client', 'id_token_invalid', claim('aud', ['another-client'])],
  ['further audiences and no azp', 'id_token_invalid', claim('aud', [CLIENT_ID, 'another-client'])],
  ['an azp of somebody else', 'id_token_invalid', claim('azp', 'another-client')],
  ['no expiry', 'id_token_invalid', claim('exp', undefined)],
  ['an expiry in the past', 'id_token_invalid', claim('exp', now() - 120)],
  ['an expiry as text (B4)', 'id_token_invalid', claim('exp', String(now() + 300))],
  ['a negative expiry', 'id_token_invalid', claim('exp', -1)],
  ['not valid yet', 'id_token_invalid', claim('nbf', now() + 3600)],
  ['no time of issue', 'id_token_invalid', claim('iat', undefined)],
  ['a time of issue as text', 'id_token_invalid', claim('iat', 'now')],
  ['no subject', 'id_token_invalid', claim('sub', undefined)],
  ['an empty subject', 'id_token_invalid', claim('sub', '')],
  ['a subject that is a number', 'id_token_invalid', claim('sub', 42)],
  ['an overlong subject', 'id_token_invalid', claim('sub', 's'.repeat(256))],
];

const withoutEmail = (claims: Json): Json => ({ ...claims, email: undefined });
const USER_INFO_MUTATIONS: Mutation[] = [
  [
    'of another subject',
    'user_info_failed',
    { claims: withoutEmail, userInfo: { sub: 'eve', email: 'eve@example.com' } },
  ],
  ['without subject', 'user_info_failed', { claims: withoutEmail, userInfo: { email: 'eve@example.com' } }],
  ['without address', 'user_info_failed', { claims: withoutEmail, userInfo: { sub: 'ada' } }],
  [
    'with an address that is none',
    'user_info_failed',
    { claims: withoutEmail, userInfo: { sub: 'ada', email: 5 } },
  ],
  [
    'that fails',
    'user_info_failed',
    { claims: withoutEmail, answers: { userinfo: (response) => void response.writeHead(500).end() } },
  ],
  [
    'that is HTML',
    'user_info_failed',
    {
      claims: withoutEmail,
      answers: {
        userinfo: (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      },
    },
  ],
];

const GROUPS: [string, Mutation[]][] = [
  ['a callback with', CALLBACK_MUTATIONS],
  ['a token endpoint that answers', TOKEN_ENDPOINT_MUTATIONS],
  ['an identity token with', SIGNATURE_MUTATIONS],
  ['an identity token with', CLAIM_MUTATIONS],
  ['user info', USER_INFO_MUTATIONS],
];

describe('a sign-in that is changed in one place is refused', () => {
  const total = GROUPS.reduce((sum, [, mutations]) => sum + mutations.length, 0);

  it('and is accepted without the change, also with a list of one audience', async () => {
    console.log(`sign-in: ${total} single-field mutations`);
    expect(total).toBeGreaterThanOrEqual(60);
    expect((await signInWith()).token).toBeDefined();
    expect((await signInWith(claim('aud', [CLIENT_ID]))).token).toBeDefined();
    expect((await signInWith(claim('azp', CLIENT_ID))).token).toBeDefined();
    expect((await signInWith({ claims: withoutEmail })).token).toBeDefined();
  });

  for (const [what, mutations] of GROUPS) {
    it.each(mutations)(`${what} %s: %s`, async (_name, error, change) => {
      const count = `SELECT (SELECT count(*) FROM sessions) AS sessions, (SELECT count(*) FROM users) AS users`;
      const before = await app.query(count);
      const { browser, ...told } = await signInWith(change);
      expect(told).toEqual({ error });
      expect(browser.cookie('tfr_session')).toBeUndefined();
      expect(await app.query(count)).toEqual(before);
    });
  }

  it('never asks the token endpoint when the state does not fit', async () => {
    const before = provider.asked.token;
    for (const [, , change] of CALLBACK_MUTATIONS.slice(0, 10)) await signInWith(change);
    expect(provider.asked.token).toBe(before);
  });

  it('records what failed, without what the provider sent', async () => {
    await signInWith(claim('nonce', 'canary-of-the-provider'));
    const [entry] = await app.query<{ metadata: Json }>(
      `SELECT metadata FROM audit_entries WHERE resource_type = 'session' AND metadata->>'outcome' = 'failed'
       ORDER BY created_at DESC LIMIT 1`,
    );
    expect(entry!.metadata).toMatchObject({ error: 'id_token_invalid', provider: 'oidc' });
    expect(JSON.stringify(entry)).not.toContain('canary');
  });
});

describe('PKCE (B10)', () => {
  it('is S256 always, and the verifier belongs to the browser', async () => {
    const victim = new Browser(app.url);
    const stolen = provider.authorize(await login(victim));
    const thief = new Browser(app.url);
    const own = provider.authorize(await login(thief));
    own.set('code', stolen.get('code')!);
    expect(toldBy(await thief.open(`/api/v1/auth/callback?${own}`)).error).toBe('token_exchange_failed');
  });
});

describe('the keys of a provider (B5)', () => {
  it('are asked for at most twice by 100 tokens with unknown keys, and known ones still verify', async () => {
    const before = provider.asked.keys;
    for (let round = 0; round < 100; round += 1) {
      expect((await signInWith({ header: { kid: `unknown-${round}` } })).error).toBe('id_token_invalid');
    }
    const asked = provider.asked.keys - before;
    console.log(`keys: ${asked} fetches for 100 unknown keys`);
    expect(asked).toBeLessThanOrEqual(2);
    const down = { answers: { keys: (response: { destroy(): void }) => response.destroy() } } as Lies;
    expect((await signInWith(down)).token).toBeDefined();
  });
});

describe('return_to and redirects (B12)', () => {
  it('lead nowhere else, whatever 200 payloads say', async () => {
    const hosts = [
      'evil.test',
      'registry.test.evil.test',
      'registry.test@evil.test',
      'еvil.test',
      '127.0.0.1:1',
    ];
    const shapes = [
      '//H', '///H', '////H', '/\\H', '\\\\H', '\\/H', 'http://H', 'https://H', 'HTTP://H', 'http:H', 'http:/H',
      'javascript:alert(1)//H', 'data:text/html,H', '/%0d%0aLocation:%20http://H', '/\r\nLocation: http://H',
      '/\t/H', '\t//H', ' //H', '/ /H', '/.//H', '/..//H', '/a/..//H', '%2f%2fH', '/%2fH', '/%5cH', '//H/%2f..',
      '/\u2028//H', '/\0//H', '//user:pw@H/', 'ftp://H', 'H', '?//H', '#//H', '/%09/H', '/\n/H', '//%48', '/;@H',
      '/\\\\H', '/.\\/H', '//H:80#@registry.test/',
    ]; // prettier-ignore
    const payloads = shapes.flatMap((shape) => hosts.map((host) => shape.replaceAll('H', host)));
    let kept = 0;
    for (const payload of payloads) {
      const browser = new Browser(app.url);
      const query = new URLSearchParams({ return_to: payload });
      const { status, headers } = await browser.open(`/api/v1/auth/login?${query}`);
      // What no query may hold is refused before anybody reads it.
      if (payload.includes('\0')) expect([status, headers.location]).toEqual([400, undefined]);
      if (status === 400) continue;
      expect(new URL(String(headers.location)).origin).toBe(provider.origin);
      const answer = provider.authorize(String(headers.location));
      expect(toldBy(await browser.open(`/api/v1/auth/callback?${answer}`)).token).toBeDefined();
    }
    for (const { return_to: path } of await app.query<{ return_to: string }>(
      `SELECT return_to FROM sessions WHERE return_to IS NOT NULL`,
    )) {
      kept += 1;
      expect(new URL(path, 'http://registry.test').origin, path).toBe('http://registry.test');
      expect(path).toMatch(/^\/(?!\/)[\x21-\x7e]*$/);
    }
    console.log(`return_to: ${payloads.length} payloads, ${kept} kept as paths of this site, 0 foreign`);
    expect(payloads.length).toBeGreaterThanOrEqual(200);
  });

  it('never repeat what the provider or a stranger writes into the address', async () => {
    const address =
      '/api/v1/auth/callback?error=evil&error_description=%3Cscript%3E&state=x&redirect_uri=//evil.test';
    const { headers } = await new Browser(app.url).open(address);
    expect(headers.location).not.toMatch(/evil|script%3e|<script/i);
  });
});

describe('starting a sign-in', () => {
  it.each([
    ['an unknown provider', '?provider=saml', "Invalid provider. Must be 'oidc' or 'azuread'"],
    ['a provider that is not configured', '?provider=azuread', 'Azure AD provider not configured'],
  ])('answers %s in JSON, for the page that probes it', async (_name, query, error) => {
    const answer = await new Browser(app.url).open(`/api/v1/auth/login${query}`);
    expect(answer.status).toBe(400);
    expect(answer.json()['error']).toBe(error);
  });

  it('answers 502 in JSON while the provider is down, and works again afterwards', async () => {
    const late = await LyingIdentityProvider.start(CLIENT_ID);
    const process = await TestApp.start(oidcSettings(late.issuer));
    try {
      late.lies = { answers: { discovery: (response) => void response.writeHead(503).end() } };
      const browser = new Browser(process.url);
      const answer = await browser.open('/api/v1/auth/login');
      expect(answer.status).toBe(502);
      expect(answer.json()).toMatchObject({ code: 'identity_provider_unavailable' });
      late.lies = {};
      expect((await browser.open('/api/v1/auth/login')).status).toBe(302);
    } finally {
      await process.stop();
      await late.stop();
    }
  });
});
