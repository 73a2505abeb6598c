import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalAccounts } from '../../../src/auth/local-accounts.service.js';
import { CacheInvalidation } from '../../../src/platform/cache/cache-invalidation.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { aModule, moduleProtocolPath } from '../../support/factories/module.factory.js';
import { ACCEPTS_PAGES, formOf, hiddenFields, LoginClient, type Send } from '../../support/login-client.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from './support/browser.js';

const DISCOVERY = '/.well-known/terraform.json';
const MINUTE_MS = 60_000;

interface LoginService {
  client: string;
  grant_types: string[];
  authz: string;
  token: string;
  ports: [number, number];
  scopes?: string[];
}

interface TokenAnswer {
  access_token: string;
  token_type: string;
  expires_in?: number;
  error?: string;
  error_description?: string;
}

describe('terraform login', () => {
  let app: TestApp;
  let organizationId: string;
  let userId: string;
  let browser: Browser;
  const module = aModule();
  const versions = `${moduleProtocolPath(module)}/versions`;

  const send: Send = (path, options) => browser.request(path, options);
  const anonymously: Send = (path, options) => app.request(path, options);
  const loginService = async () =>
    (await app.request(DISCOVERY)).json<{ 'login.v1'?: LoginService }>()['login.v1']!;
  const tokenOf = async (client: LoginClient, code: string) => {
    const answer = await client.redeem(anonymously, code);
    expect(answer.status, answer.body.toString()).toBe(200);
    return answer.json<TokenAnswer & Record<string, unknown>>();
  };
  const mayRead = async (key: string) => (await app.request(versions, { key })).status === 200;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_AUTH_ANONYMOUS_READ: 'false' });
    organizationId = await defaultOrganizationOf(app);
    userId = await addPerson(app, { [organizationId]: 'member' });
    await app.get(LocalAccounts).setPassword(userId, 'TEST ONLY pass phrase', { mustChange: false });
    browser = await Browser.signIn(app, userId);
    expect((await app.publishModule(module)).status).toBe(201);
  });
  afterAll(() => app.stop());

  describe('in the discovery document', () => {
    it('has client, authz and token as text (checklist 24)', async () => {
      expect(await loginService()).toMatchObject({
        client: 'terraform-cli',
        authz: 'http://registry.test/api/v1/oauth/authorize',
        token: 'http://registry.test/api/v1/oauth/token',
      });
    });

    it('offers the authorization code and no password grant (checklist 25, 38)', async () => {
      expect((await loginService()).grant_types).toEqual(['authz_code']);
    });

    it('spans ten ports and more that a CLI can use (checklist 26)', async () => {
      const [first, last] = (await loginService()).ports;
      expect([first, last]).toEqual([10_000, 10_010]);
    });

    it('publishes no scopes, so none that are not text (checklist 37)', async () => {
      expect(await loginService()).not.toHaveProperty('scopes');
    });
  });

  describe('at the authorization endpoint', () => {
    it('asks who is signed in, and names person, organization, scopes, life and port (checklist 27)', async () => {
      const page = await send(new LoginClient(10_007).authorizePath(), { headers: ACCEPTS_PAGES });
      expect(page.status).toBe(200);
      const html = page.body.toString();
      for (const text of ['Ada', 'default', 'modules:read', 'providers:read', '90 days', 'port 10007']) {
        expect(html).toContain(text);
      }
      expect(html).not.toContain('modules:write');
    });

    it('sends those who are not signed in to the sign-in, and back (checklist 31)', async () => {
      const client = new LoginClient();
      const answer = await anonymously(client.authorizePath(), { headers: ACCEPTS_PAGES });
      expect(answer.status).toBe(302);
      const location = new URL(String(answer.headers['location']), 'http://registry.test');
      expect(location.pathname).toBe('/sign-in');
      const back = new URL(location.searchParams.get('return_to')!, 'http://registry.test');
      expect(Object.fromEntries(back.searchParams)).toEqual(client.parameters);
    });

    it('ignores parameters that it does not know (checklist 31)', async () => {
      const path = new LoginClient().authorizePath({ scope: 'anything', tenant: 'x' });
      expect((await send(path, { headers: ACCEPTS_PAGES })).status).toBe(200);
    });

    it.each([
      ['no challenge', { code_challenge: undefined }],
      ['an empty challenge', { code_challenge: '' }],
      ['a challenge that is no digest', { code_challenge: 'too-short' }],
      ['the method plain', { code_challenge_method: 'plain' }],
      ['no method, which means plain', { code_challenge_method: undefined }],
      ['the implicit grant', { response_type: 'token' }],
      ['another client', { client_id: 'other-cli' }],
      ['no client', { client_id: undefined }],
      ['a state that is too long', { state: 'x'.repeat(513) }],
    ])('refuses %s with a page (checklist 27, 30)', async (_, changes) => {
      const answer = await send(new LoginClient().authorizePath(changes), { headers: ACCEPTS_PAGES });
      expect(answer.status).toBe(400);
      expect(answer.headers['location']).toBeUndefined();
      expect(answer.headers['content-type']).toContain('text/html');
    });

    it('refuses a parameter that comes twice', async () => {
      const path = `${new LoginClient().authorizePath()}&redirect_uri=http%3A%2F%2Flocalhost%3A10001%2Flogin`;
      expect((await send(path, { headers: ACCEPTS_PAGES })).status).toBe(400);
    });

    it('echoes the state unchanged (checklist 29)', async () => {
      for (const state of ['a b+c&d=e%20#f', 'ünïcödé', '"><script>']) {
        const client = new LoginClient();
        const page = await send(client.authorizePath({ state }), { headers: ACCEPTS_PAGES });
        const form = formOf({ ...hiddenFields(page.body.toString()), decision: 'allow' });
        const answer = await send('/api/v1/oauth/authorize', form);
        const location = new URL(String(answer.headers['location']));
        expect(location.searchParams.get('state')).toBe(state);
        expect(location.origin + location.pathname).toBe(client.redirectUri);
      }
    });

    it('shows a page when access is denied, and gives no code (checklist 30)', async () => {
      const answer = await new LoginClient().decide(send, 'deny');
      expect(answer.status).toBe(200);
      expect(answer.headers['location']).toBeUndefined();
      expect(answer.body.toString()).toContain('Ctrl+C');
    });

    it('takes a decision only from its own page (B7)', async () => {
      const client = new LoginClient();
      const body = { ...client.parameters, decision: 'allow' };
      const decide = (fields: Record<string, string>, headers: Record<string, string> = {}) => {
        const form = formOf(fields);
        return send('/api/v1/oauth/authorize', {
          ...form,
          headers: { ...ACCEPTS_PAGES, ...form.headers, ...headers },
        });
      };
      const { csrfToken: csrf_token } = browser.session;
      const attempts = [
        await decide(body),
        await decide({ ...body, csrf_token: 'planted' }),
        await decide({ ...body, csrf_token }, { origin: 'https://evil.example' }),
        await decide({ ...body, csrf_token }, { origin: 'null' }),
      ];
      for (const { status, headers } of attempts) {
        expect(status).toBe(403);
        expect(headers['location']).toBeUndefined();
      }
      expect((await decide({ ...body, csrf_token }, { origin: 'http://registry.test' })).status).toBe(302);
    });

    it('takes no decision from an API key', async () => {
      const form = formOf({ ...new LoginClient().parameters, decision: 'allow' });
      const answer = await app.request('/api/v1/oauth/authorize', { ...form, key: app.publisherKey });
      expect(answer.status).toBe(403);
    });
  });

  describe('at the token endpoint', () => {
    it('takes a form without secret and Accept, and answers in JSON (checklist 32, 33)', async () => {
      const client = new LoginClient();
      const answer = await client.redeem(anonymously, await client.code(send));
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('application/json');
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.json()).toEqual({
        access_token: expect.stringMatching(/^tfr_[\w-]{43}$/),
        token_type: 'bearer',
        expires_in: 90 * 24 * 60 * 60,
      });
    });

    it('gives an ordinary key that reads and does no more (checklist 36)', async () => {
      const client = new LoginClient();
      const { access_token: key } = await tokenOf(client, await client.code(send));
      expect(await mayRead(key)).toBe(true);
      const { keys } = (await app.request('/api/v1/apikeys', { key })).json<{
        keys: Record<string, unknown>[];
      }>();
      expect(keys.find(({ key_prefix }) => key_prefix === key.slice(0, 10))).toMatchObject({
        name: expect.stringMatching(/^terraform login \d{4}-\d\d-\d\d$/),
        organization_id: organizationId,
        user_id: userId,
        scopes: ['modules:read', 'providers:read'],
      });
      expect((await app.publishModule(aModule(), key)).status).toBe(403);
    });

    it.each([
      ['a wrong verifier', { code_verifier: 'x'.repeat(46) }],
      ['a verifier of the wrong form', { code_verifier: 'short' }],
      ['another redirect address', { redirect_uri: 'http://localhost:10004/login' }],
      ['another client', { client_id: 'other-cli' }],
    ])('refuses %s, and the code is used up (checklist 34, 35)', async (_, changes) => {
      const client = new LoginClient();
      const code = await client.code(send);
      for (const attempt of [changes, {}]) {
        const answer = await client.redeem(anonymously, code, attempt);
        expect(answer.status).toBe(400);
        expect(answer.json()).toMatchObject({
          error: 'invalid_grant',
          error_description: expect.stringMatching(/./),
        });
      }
    });

    it('refuses a code after a minute (checklist 34, 35)', async () => {
      const client = new LoginClient();
      const code = await client.code(send);
      const hash = createHash('sha256').update(code).digest();
      const [row] = await app.query<{ life: string }>(
        `SELECT extract(epoch FROM expires_at - created_at) * 1000 AS life FROM login_codes WHERE code_hash = $1`,
        [hash],
      );
      expect(Number(row!.life)).toBe(MINUTE_MS);
      await app.query(`UPDATE login_codes SET expires_at = now() WHERE code_hash = $1`, [hash]);
      const answer = await client.redeem(anonymously, code);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ error: 'invalid_grant' });
    });

    it.each([
      ['no code', { code: undefined }],
      ['no verifier', { code_verifier: undefined }],
      ['no client', { client_id: undefined }],
      ['no redirect address', { redirect_uri: undefined }],
      ['the password grant', { grant_type: 'password' }],
    ])('refuses a request with %s and leaves the code alone (checklist 34, 38)', async (_, changes) => {
      const client = new LoginClient();
      const code = await client.code(send);
      const answer = await client.redeem(anonymously, code, changes);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ error: 'invalid_request' });
      await tokenOf(client, code);
    });

    it('ends the token when its code comes again (B18, checklist 35)', async () => {
      const client = new LoginClient();
      const code = await client.code(send);
      const { access_token: key } = await tokenOf(client, code);
      expect(await mayRead(key)).toBe(true);
      const again = await client.redeem(anonymously, code);
      expect(again.status).toBe(400);
      expect(again.json()).toMatchObject({ error: 'invalid_grant' });
      expect(await mayRead(key)).toBe(false);
    });

    it('gives one token to fifty exchanges at the same time, and the others end it (B18)', async () => {
      const client = new LoginClient();
      const code = await client.code(send);
      const answers = await Promise.all(Array.from({ length: 50 }, () => client.redeem(anonymously, code)));
      const won = answers.filter(({ status }) => status === 200);
      expect(won).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(49);
      expect(await mayRead(String(won[0]!.json()['access_token']))).toBe(false);
    });

    it('keeps only the hash of a code', async () => {
      const code = await new LoginClient().code(send);
      const rows = await app.query<{ row: string }>('SELECT login_codes::text AS row FROM login_codes');
      expect(rows.length).toBeGreaterThan(0);
      const hex = Buffer.from(code).toString('hex');
      expect(rows.filter(({ row }) => row.includes(code) || row.includes(hex))).toEqual([]);
    });

    it('records the key, and who agreed to it in which session (I12)', async () => {
      const client = new LoginClient();
      const { access_token: key } = await tokenOf(client, await client.code(send));
      const records = await app.query<Record<string, unknown>>(
        `SELECT e.user_id, e.actor_kind, e.actor_id, e.action, e.organization_id, e::text AS row
         FROM audit_entries e JOIN api_keys k ON k.id::text = e.resource_id::text WHERE k.key_prefix = $1`,
        [key.slice(0, 10)],
      );
      expect(records).toMatchObject([
        {
          user_id: userId,
          actor_kind: 'user',
          actor_id: browser.session.id,
          action: 'POST /api/v1/oauth/token',
          organization_id: organizationId,
        },
      ]);
      expect(String(records[0]!['row'])).not.toContain(key);
    });
  });

  it('works over two processes: the code of one, the token of the other', async () => {
    const other = await app.another();
    try {
      const client = new LoginClient();
      const code = await client.code(send);
      const answer = await client.redeem((path, options) => other.request(path, options), code);
      expect(answer.status).toBe(200);
      expect(await mayRead(String(answer.json()['access_token']))).toBe(true);
    } finally {
      await other.stop();
    }
  });

  it('takes the requests of OpenTofu as well', async () => {
    const asTofu: Send = (path, options) =>
      app.request(path, { ...options, headers: { ...options?.headers, 'user-agent': 'OpenTofu/1.12.0' } });
    const { 'login.v1': login } = (await asTofu(DISCOVERY)).json<{ 'login.v1': LoginService }>();
    const client = new LoginClient(login.ports[0]);
    const code = await client.code(send);
    const answer = await client.redeem(asTofu, code);
    expect(answer.status).toBe(200);
    expect(await mayRead(String(answer.json()['access_token']))).toBe(true);
  });

  it('lists the token on the account page, where it is revoked (checklist 39)', async () => {
    const client = new LoginClient();
    const { access_token: key } = await tokenOf(client, await client.code(send));
    const page = (await send('/account', { headers: ACCEPTS_PAGES })).body.toString();
    expect(page).toContain(`${key.slice(0, 10)}…`);
    const [{ id }] = (await app.query<{ id: string }>('SELECT id FROM api_keys WHERE key_prefix = $1', [
      key.slice(0, 10),
    ])) as [{ id: string }];
    const form = formOf({ csrf_token: browser.session.csrfToken });
    const answer = await send(`/account/keys/${id}/revoke`, form);
    expect(answer.status).toBe(303);
    expect(answer.headers['location']).toBe('/account');
    expect(await mayRead(key)).toBe(false);
  });

  it('gives nothing to somebody without organization, and says so on a page', async () => {
    const lonely = await Browser.signIn(app, await addPerson(app));
    const answer = await lonely.request(new LoginClient().authorizePath(), { headers: ACCEPTS_PAGES });
    expect(answer.status).toBe(403);
    expect(answer.body.toString()).toContain('not a member of any organization');
  });

  it('acts in the default organization, else in the oldest one of the user', async () => {
    const [older, newer] = [await app.addOrganization('older'), await app.addOrganization('newer')];
    const person = await addPerson(app, { [newer]: 'viewer', [older]: 'viewer' });
    await app.query(
      `UPDATE memberships SET created_at = created_at - interval '1 day' WHERE user_id = $1 AND organization_id = $2`,
      [person, older],
    );
    const theirs = await Browser.signIn(app, person);
    const client = new LoginClient();
    const page = await theirs.request(client.authorizePath(), { headers: ACCEPTS_PAGES });
    expect(page.body.toString()).toContain('older');
    const key = await tokenOf(client, await client.code((path, options) => theirs.request(path, options)));
    const { keys } = (await app.request('/api/v1/apikeys', { key: key.access_token })).json<{
      keys: Record<string, unknown>[];
    }>();
    expect(keys).toMatchObject([{ organization_id: older }]);
  });

  it('gives nothing for a code when the user was disabled meanwhile', async () => {
    const person = await addPerson(app, { [organizationId]: 'member' });
    const theirs = await Browser.signIn(app, person);
    const client = new LoginClient();
    const code = await client.code((path, options) => theirs.request(path, options));
    await app.get(Transactions).run(async () => {
      await app.query('UPDATE users SET is_active = false WHERE id = $1', [person]);
      app.get(CacheInvalidation).announce('identity');
    });
    expect((await client.redeem(anonymously, code)).status).toBe(400);
  });
});
