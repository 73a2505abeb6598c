import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyIdOf } from '../../../src/auth/access-token-verifier.js';
import { AccessTokens } from '../../../src/auth/access-tokens.service.js';
import { Sessions } from '../../../src/auth/sessions.service.js';
import { moduleArchive } from '../../support/build-fixtures.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from './support/browser.js';
import { type ForgedToken, TokenForge, tokenOf } from './support/token-forge.js';

const ME = '/api/v1/auth/me';
const ISSUER = 'http://registry.test';
const secret = randomBytes(32).toString('hex');
const previousSecret = randomBytes(32).toString('hex');
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const ofAlphabet = /^[\x21-\x7e]+( [\x21-\x7e]+)*$/;

describe('forged credentials', () => {
  let app: TestApp;
  let canary: Server;
  let canaryHits = 0;
  let forge: TokenForge;
  let browser: Browser;
  let apiKey: string;
  let refused = 0;

  beforeAll(async () => {
    canary = createServer((_request, response) => {
      canaryHits += 1;
      response.end('{"keys":[]}');
    });
    await new Promise<void>((done) => canary.listen(0, '127.0.0.1', done));
    app = await TestApp.start({
      TFR_AUTH_SESSION_BROWSER_TOKEN: 'jwt',
      TFR_JWT_SECRET: secret,
      TFR_JWT_SECRET_PREVIOUS: previousSecret,
      TFR_SECURITY_EGRESS_ALLOWLIST: '127.0.0.1',
    });
    browser = await Browser.signIn(
      app,
      await addPerson(app, { [await defaultOrganizationOf(app)]: 'admin' }),
    );
    apiKey = await app.issueKey('admin');
    const canaryUrl = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/keys`;
    const subject = { userId: browser.userId, sessionId: browser.session.id };
    forge = new TokenForge(secret, ISSUER, subject, canaryUrl);
  });

  afterAll(async () => {
    console.log(`forged credentials refused: ${refused}; requests that they caused: ${canaryHits}`);
    expect(refused).toBeGreaterThanOrEqual(200);
    expect(canaryHits).toBe(0);
    await new Promise((done) => canary.close(done));
    await app.stop();
  });

  const statusOf = async (token: string, headers: Record<string, string> = {}) =>
    (await app.request(ME, { headers: { ...bearer(token), ...headers } })).status;

  /** 401 with the one sentence of all unusable credentials, and no trace of what was sent. */
  async function expectRefused(what: string, headers: Record<string, string>): Promise<void> {
    const answer = await app.request(ME, { headers });
    expect(answer.status, what).toBe(401);
    expect(answer.json()['error'], what).toMatch(
      /^(Invalid credentials$|Authorization |Missing authorization)/,
    );
    refused += 1;
  }

  async function expectAllRefused(tokens: readonly ForgedToken[]): Promise<void> {
    for (const [what, token] of tokens) {
      if (ofAlphabet.test(token)) await expectRefused(what, bearer(token));
    }
  }

  it('leave the real ones good: a token of the server, and one that the forge makes without a fault', async () => {
    const issued = await app.get(AccessTokens).issue(browser.session.id);
    expect(issued.expiresInSeconds).toBe(3_600);
    expect(await statusOf(issued.token)).toBe(200);
    expect(await statusOf(forge.make())).toBe(200);
  });

  it('are accepted with no other algorithm, no other key and no broken signature (B1)', () =>
    expectAllRefused(forge.algorithms()));

  it('bring no key or address along in their header, and nothing else (B1, B2)', () =>
    expectAllRefused(forge.headers()));

  it('are for exactly this server and this use, with times as whole numbers (B3, B4)', () =>
    expectAllRefused(forge.claims()));

  it('have exactly the form of a token', () => expectAllRefused(forge.forms()));

  it('are forgiven a minute of clock skew, and not two (B4)', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const at = (claims: object) => statusOf(forge.make({}, { ...claims }));
    expect(await at({ iat: now - 600, nbf: now - 600, exp: now - 30 })).toBe(200);
    expect(await at({ iat: now + 30, nbf: now + 30, exp: now + 600 })).toBe(200);
    expect(await at({ iat: now - 600, nbf: now - 600, exp: now - 120 })).toBe(401);
    expect(await at({ iat: now + 120, nbf: now + 120, exp: now + 600 })).toBe(401);
  });

  it('may be signed with a previous secret during a change, under its own name only', async () => {
    const kid = keyIdOf(previousSecret);
    expect(await statusOf(tokenOf({ ...forge.parts({ kid }), secret: previousSecret }))).toBe(200);
    await expectRefused('previous secret', bearer(tokenOf({ ...forge.parts(), secret: previousSecret })));
    await expectRefused('previous name', bearer(tokenOf({ ...forge.parts({ kid }), secret })));
  });

  it('end with their session, and with the account (B8)', async () => {
    const userId = await addPerson(app);
    const [first, second] = [await Browser.signIn(app, userId), await Browser.signIn(app, userId)];
    const issue = async ({ session }: Browser) => (await app.get(AccessTokens).issue(session.id)).token;
    const tokens = [await issue(first), await issue(second)];
    expect(await Promise.all(tokens.map((token) => statusOf(token)))).toEqual([200, 200]);
    expect(
      (await app.request('/api/v1/auth/logout', { method: 'POST', headers: bearer(tokens[0]!) })).status,
    ).toBe(204);
    expect(await Promise.all(tokens.map((token) => statusOf(token)))).toEqual([401, 200]);
    await app.get(Sessions).endAllOf(userId);
    expect(await statusOf(tokens[1]!)).toBe(401);
  });

  it('stand alone: a token decides also next to the cookie of somebody else', async () => {
    const other = await Browser.signIn(app, await addPerson(app));
    const { token } = await app.get(AccessTokens).issue(other.session.id);
    const answer = await browser.request(ME, { headers: bearer(token) });
    expect(answer.json<{ user: { id: string } }>().user.id).toBe(other.userId);
    const changing = await browser.request('/api/v1/auth/refresh', {
      method: 'POST',
      headers: bearer(token),
    });
    expect(changing.status).toBe(200);
    expect(changing.json<{ token: string }>().token.split('.')).toHaveLength(3);
  });

  it('are refused as keys, handles and cookies with one thing changed', async () => {
    const other = await Browser.signIn(app, await addPerson(app));
    const { handle, secret: own, csrfToken } = browser.session;
    const variants = (text: string): string[] => {
      const swap = (at: number) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      const changed = [5, 8, 12, 16, 20, text.length - 1].map(swap);
      return [
        ...changed,
        text.slice(0, -1),
        text.slice(1),
        `${text}A`,
        `A${text}`,
        `${text}=`,
        text.toUpperCase(),
        text.toLowerCase(),
      ];
    };
    for (const key of variants(apiKey)) await expectRefused('key', bearer(key));
    for (const one of variants(handle)) {
      await expectRefused('handle', { ...bearer(one), cookie: browser.cookie });
    }
    for (const one of variants(own)) await expectRefused('cookie', { cookie: `tfr_session=${one}` });
    for (const cookie of [
      other.cookie,
      'tfr_session=',
      `tfr_session=${handle}`,
      `tfr_session=${csrfToken}`,
      '',
    ]) {
      await expectRefused('handle next to another cookie', { ...bearer(handle), ...(cookie && { cookie }) });
    }
    for (const name of [
      'TFR_SESSION',
      'session',
      'tfr_session ',
      '__Host-tfr_session',
      'auth_token',
      'tfr_csrf',
    ]) {
      await expectRefused(`cookie ${name}`, { cookie: `${name}=${own}`.replace(' =', 'x=') });
    }
  });

  it('are no credential where another kind is asked for (B3)', async () => {
    const published = await app.publishModule({
      namespace: 'acme',
      version: '1.0.0',
      archive: moduleArchive(),
    });
    expect(published.status).toBe(201);
    const download = await app.request('/v1/modules/acme/vpc/aws/1.0.0/download', { key: apiKey });
    const link = new URL(String(download.headers['x-terraform-get']), ISSUER);
    const { token: accessToken } = await app.get(AccessTokens).issue(browser.session.id);
    const { handle, secret: own, csrfToken } = browser.session;
    const signature = link.searchParams.get('signature') ?? '';
    expect(signature).not.toBe('');
    const tokens = {
      accessToken,
      apiKey,
      handle,
      secret: own,
      csrfToken,
      signature,
      setup: `tfr_setup_${own}`,
      id: randomUUID(),
    };
    for (const [kind, token] of Object.entries(tokens)) {
      if (kind !== 'accessToken' && kind !== 'apiKey')
        await expectRefused(`${kind} as bearer`, bearer(token));
      if (kind !== 'secret') await expectRefused(`${kind} as cookie`, { cookie: `tfr_session=${token}` });
      await expectRefused(`${kind} as setup token`, { authorization: `SetupToken ${token}` });
      await expectRefused(`${kind} as Basic`, {
        authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}`,
      });
      const file = new URL(link);
      if (kind !== 'signature') {
        file.searchParams.set('signature', token);
        const answer = await app.request(`${file.pathname}${file.search}`);
        expect([400, 403], `${kind} as signature of a file`).toContain(answer.status);
        refused += 1;
      }
      const setup = await app.request('/api/v1/setup/validate-token', {
        method: 'POST',
        headers: { authorization: `SetupToken ${token}` },
      });
      expect([401, 403, 404, 429], `${kind} on a setup route`).toContain(setup.status);
      refused += 1;
    }
  });

  it('made with what signs other things are refused', async () => {
    const { header, claims } = forge.parts();
    const text = [header, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const { signingSecret } = app.config.storage;
    for (const key of [
      signingSecret!,
      Buffer.from(signingSecret!, 'hex'),
      app.config.secrets.encryptionKey,
      '',
    ]) {
      const signature = createHmac('sha256', key).update(text).digest('base64url');
      await expectRefused('another key of the server', bearer(`${text}.${signature}`));
    }
  });
});

describe('access tokens where they are not asked for', () => {
  it('are not accepted, also rightly signed ones', async () => {
    const app = await TestApp.start({ TFR_JWT_SECRET: secret });
    const browser = await Browser.signIn(app, await addPerson(app));
    const { token } = await app.get(AccessTokens).issue(browser.session.id);
    expect((await app.request(ME, { headers: bearer(token) })).status).toBe(401);
    expect((await browser.request(ME, { headers: bearer(token) })).status).toBe(401);
    await app.stop();
  });
});
