import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalAccounts } from '../../../src/auth/local-accounts.service.js';
import { Browser } from '../../support/browser.js';
import { CertifiedIdentityProvider } from '../../support/fakes/identity-provider.js';
import type { Answer } from '../../support/http-request.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, cookiesOf } from './support/browser.js';
import { CALLBACK, CLIENT_ID, CLIENT_SECRET, oidcSettings, signIn } from './support/sign-in.js';

const PASSWORD = 'a tree house by the sea';
const HOST = { host: 'registry.test' };

describe('signing in again in the same browser (B6)', () => {
  let app: TestApp;
  let provider: CertifiedIdentityProvider;

  beforeAll(async () => {
    provider = await CertifiedIdentityProvider.start({
      id: CLIENT_ID,
      secret: CLIENT_SECRET,
      redirectUri: CALLBACK,
      postLogoutUri: 'http://registry.test/',
    });
    provider.accounts.set('ada', { email: 'ada@example.com', email_verified: true, name: 'Ada' });
    provider.signsIn = 'ada';
    app = await TestApp.start(oidcSettings(provider.issuer));
  });
  afterAll(async () => {
    await app.stop();
    await provider.stop();
  });

  /** A sign-in by a browser that holds this session cookie. */
  type Way = (email: string, password: string, cookie?: string) => Promise<Answer>;

  const byApi: Way = (email, password, cookie) =>
    app.request('/api/v1/auth/local/login', {
      method: 'POST',
      headers: { ...HOST, ...(cookie !== undefined && { cookie }) },
      json: { email, password },
    });
  const byPage: Way = (email, password, cookie) =>
    app.request('/sign-in', {
      method: 'POST',
      headers: {
        ...HOST,
        'content-type': 'application/x-www-form-urlencoded',
        ...(cookie !== undefined && { cookie }),
      },
      body: new URLSearchParams({ email, password }).toString(),
    });

  async function account(): Promise<string> {
    const id = await addPerson(app);
    await app.get(LocalAccounts).setPassword(id, PASSWORD, { mustChange: false });
    const [row] = await app.query<{ email: string }>('SELECT email FROM users WHERE id = $1', [id]);
    return row!.email;
  }

  const secretIn = (answer: Answer): string => cookiesOf(answer).get('tfr_session')!.get('')!;
  const cookieOf = (secret: string): string => `tfr_session=${secret}`;
  const isAlive = async (secret: string): Promise<boolean> => {
    const answer = await app.request('/api/v1/auth/me', { headers: { cookie: cookieOf(secret) } });
    return answer.status === 200;
  };

  it.each([
    ['the API', byApi],
    ['the page', byPage],
  ])('by %s ends the session before, of whomever it was, and no other', async (_name, way) => {
    const [mine, theirs] = [await account(), await account()];
    const first = secretIn(await way(mine, PASSWORD));
    const elsewhere = secretIn(await way(mine, PASSWORD));
    const second = secretIn(await way(mine, PASSWORD, cookieOf(first)));
    expect([await isAlive(first), await isAlive(elsewhere), await isAlive(second)]).toEqual([
      false,
      true,
      true,
    ]);
    const third = secretIn(await way(theirs, PASSWORD, cookieOf(second)));
    expect([await isAlive(second), await isAlive(elsewhere), await isAlive(third)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('by the identity provider ends the session before', async () => {
    const browser = new Browser(app.url);
    await signIn(browser);
    const first = browser.cookie('tfr_session')!;
    await signIn(browser);
    const second = browser.cookie('tfr_session')!;
    expect([await isAlive(first), await isAlive(second)]).toEqual([false, true]);
    const kept = await app.query(
      `SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = 'ada@example.com'`,
    );
    expect(kept).toHaveLength(1);
  });

  it('ends nothing when it fails', async () => {
    const email = await account();
    const session = secretIn(await byApi(email, PASSWORD));
    for (const way of [byApi, byPage]) {
      expect((await way(email, randomUUID(), cookieOf(session))).status).toBe(401);
    }
    const browser = new Browser(app.url);
    browser.setCookie('tfr_session', session);
    provider.signsIn = undefined;
    expect((await signIn(browser)).error).toBe('access_denied');
    provider.signsIn = 'ada';
    expect(await isAlive(session)).toBe(true);
  });

  it('takes a cookie of no session as none', async () => {
    const email = await account();
    for (const cookie of ['tfr_session=garbage', cookieOf('A'.repeat(43)), 'tfr_session=']) {
      expect(await isAlive(secretIn(await byApi(email, PASSWORD, cookie)))).toBe(true);
    }
  });
});
