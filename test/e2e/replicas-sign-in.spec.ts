import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CALLBACK,
  CLIENT_ID,
  CLIENT_SECRET,
  oidcSettings,
  toldBy,
  whoIs,
} from '../integration/auth/support/sign-in.js';
import { Browser } from '../support/browser.js';
import { CertifiedIdentityProvider } from '../support/fakes/identity-provider.js';
import { Replicas } from '../support/replicas.js';

const CALLBACKS_AT_ONCE = 48;

describe('signing in at several processes with one database', () => {
  let provider: CertifiedIdentityProvider;
  let replicas: Replicas;

  beforeAll(async () => {
    provider = await CertifiedIdentityProvider.start({
      id: CLIENT_ID,
      secret: CLIENT_SECRET,
      redirectUri: CALLBACK,
      postLogoutUri: 'http://registry.test/',
    });
    replicas = await Replicas.start({
      publicUrl: 'http://registry.test',
      env: oidcSettings(provider.issuer),
    });
  }, 120_000);
  afterAll(async () => {
    await replicas?.stop();
    await provider?.stop();
  });

  /** A browser at one of the processes; who signs in with it is known to the provider by this name. */
  function browserAt(number: number, name: string): Browser {
    provider.accounts.set(name, { email: `${name}@example.com`, email_verified: true, name });
    provider.signsIn = name;
    return new Browser(replicas.at(number).url);
  }

  /** Who the browser is to each process. */
  async function seenByAll(browser: Browser, token: string | undefined): Promise<(string | undefined)[]> {
    const seen: (string | undefined)[] = [];
    for (const replica of replicas.all) {
      browser.useProcess(replica.url);
      seen.push(await whoIs(browser, token));
    }
    return seen;
  }

  it('begins at one, ends at another, holds at the third, and is over for all when the second signs out (B8)', async () => {
    const browser = browserAt(1, 'ada');
    const callback = await browser.follow('/api/v1/auth/login', CALLBACK);
    browser.useProcess(replicas.at(2).url);
    const { token } = toldBy(await browser.open(callback));
    const everywhere = Array.from(replicas.all, () => 'ada@example.com');
    expect(await seenByAll(browser, token)).toEqual(everywhere);

    // A copy of the cookies, as somebody would have who stole them: signing out takes them from the browser itself.
    const thief = new Browser(replicas.at(1).url);
    for (const name of ['tfr_session', 'tfr_csrf']) thief.setCookie(name, browser.cookie(name));
    expect(await seenByAll(thief, token)).toEqual(everywhere);
    browser.useProcess(replicas.at(2).url);
    expect((await browser.open('/api/v1/auth/logout')).status).toBe(302);
    const nobody = Array.from(replicas.all, () => undefined);
    await expect.poll(() => seenByAll(thief, token), { timeout: 10_000 }).toEqual(nobody);
    expect(await seenByAll(browser, token)).toEqual(nobody);
  });

  it('lets exactly one of many simultaneous callbacks win, whichever process gets it (B9)', async () => {
    const browser = browserAt(1, 'hedy');
    const callback = await browser.follow('/api/v1/auth/login', CALLBACK);
    const cookie = `tfr_login=${browser.cookie('tfr_login')}`;
    const answers = await Promise.all(
      Array.from({ length: CALLBACKS_AT_ONCE }, (_, number) =>
        new Browser(replicas.at(number).url).open(callback, { cookie }),
      ),
    );
    const told = answers.map(toldBy);
    expect(told.filter(({ token }) => token !== undefined)).toHaveLength(1);
    expect(told.filter(({ error }) => error === 'invalid_state')).toHaveLength(CALLBACKS_AT_ONCE - 1);
    const database = await replicas.database.open();
    const sessions: unknown[] = await database.query(
      `SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = 'hedy@example.com'`,
    );
    expect(sessions).toHaveLength(1);
  });

  it('is refused in a browser that did not begin it, at every process (B9)', async () => {
    const callback = await browserAt(1, 'grace').follow('/api/v1/auth/login', CALLBACK);
    for (const replica of replicas.all) {
      expect(toldBy(await new Browser(replica.url).open(callback)).error).toBe('invalid_state');
    }
  });
});
