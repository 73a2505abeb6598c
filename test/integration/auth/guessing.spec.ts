import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ApiKeyToken } from '../../../src/auth/domain/api-key-token.js';
import { KeyDigests } from '../../../src/auth/key-digests.service.js';
import { LocalAccounts } from '../../../src/auth/local-accounts.service.js';
import { PasswordHash } from '../../../src/platform/crypto/password-hash.js';
import { type Answer, request, type RequestOptions } from '../../support/http-request.js';
import { formOf } from '../../support/login-client.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, defaultOrganizationOf } from './support/browser.js';

const GENERAL_BURST = 40;
const AUTH_BURST = 12;
const GUESSES = 2_000;
const AT_ONCE = 48;
const PASSWORD = 'a tree house by the sea';
const LOCAL = '/api/v1/auth/local/login';

const SETTINGS = {
  TFR_AUTH_ANONYMOUS_READ: 'false',
  TFR_AUTH_LOCAL_MAX_WAITING: '1000',
  TFR_SECURITY_RATE_LIMITING_ENABLED: 'true',
  TFR_SECURITY_RATE_LIMITING_STORE: 'database',
  TFR_SECURITY_RATE_LIMITING_REQUESTS_PER_MINUTE: '1',
  TFR_SECURITY_RATE_LIMITING_BURST: String(GENERAL_BURST),
  TFR_SECURITY_RATE_LIMITING_AUTH_REQUESTS_PER_MINUTE: '1',
  TFR_SECURITY_RATE_LIMITING_AUTH_BURST: String(AUTH_BURST),
  TFR_SERVER_TRUSTED_PROXIES: '127.0.0.1',
};

/** Sends one guess to a process; the number is that of the guess. */
type Guess = (app: TestApp, index: number) => Promise<Answer>;

describe('guessing at three processes with one database (A5, T12)', () => {
  let apps: TestApp[];
  let first: TestApp;
  let organizationId: string;

  beforeAll(async () => {
    first = await TestApp.start(SETTINGS);
    apps = [first, await first.another(), await first.another()];
    organizationId = await defaultOrganizationOf(first);
  });
  afterAll(async () => {
    for (const app of apps.toReversed()) await app.stop();
  });

  const from = (address: string) => ({ 'x-forwarded-for': address });

  /** An address that nobody had before. */
  let addresses = 0;
  function newAddress(): string {
    addresses += 1;
    return `198.18.${addresses >> 8}.${addresses & 255}`;
  }

  /** Guesses at all processes in turn, many at once; gives how many were answered with each status. */
  async function guess(count: number, send: Guess): Promise<Map<number, number>> {
    const statuses = new Map<number, number>();
    let next = 0;
    const guessOn = async (): Promise<void> => {
      while (next < count) {
        const index = next;
        next += 1;
        const { status } = await send(apps[index % apps.length]!, index);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, guessOn));
    return statuses;
  }

  /** How many keys are hashed to be compared, in all processes, while `work` is done. */
  const comparedKeys = (work: () => Promise<unknown>) =>
    calls((app) => vi.spyOn(app.get(KeyDigests), 'of'), work);

  /** How many passwords are hashed. */
  const comparedPasswords = (work: () => Promise<unknown>) =>
    calls((app) => vi.spyOn(app.get(PasswordHash), 'check'), work);

  async function calls(
    watch: (app: TestApp) => { mock: { calls: unknown[] }; mockRestore(): void },
    work: () => Promise<unknown>,
  ): Promise<number> {
    const spies = apps.map(watch);
    try {
      await work();
      return spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  }

  /** What a bucket lets through: its burst, and one for every minute that the test takes. */
  function expectLimit(reached: number, burst: number, startedMs: number): void {
    expect(reached).toBeGreaterThanOrEqual(burst);
    expect(reached).toBeLessThanOrEqual(burst + Math.ceil((performance.now() - startedMs) / 60_000));
  }

  const newKey = () => ApiKeyToken.generate('tfr_').text;
  const basic = (key: string) => `Basic ${Buffer.from(`x:${key}`).toString('base64')}`;

  /** Every kind of route that looks at a key. */
  const ROUTES: readonly ((key: string) => readonly [string, Record<string, string>])[] = [
    (key) => ['/api/v1/apikeys', { authorization: `Bearer ${key}` }],
    (key) => ['/v1/modules/acme/vpc/aws/versions', { authorization: `Bearer ${key}` }],
    (key) => ['/v1/providers/acme/cloud/versions', { authorization: `bearer ${key}` }],
    (key) => [`/v1/files/blobs/sha256/aa/aa/${'a'.repeat(64)}/x.zip`, { authorization: basic(key) }],
    (key) => ['/account', { authorization: `Bearer ${key}`, accept: 'text/html' }],
  ];

  const guessKey =
    (headers: Record<string, string>): Guess =>
    (app, index) => {
      const [path, credential] = ROUTES[index % ROUTES.length]!(newKey());
      return app.request(path, { headers: { ...headers, ...credential } });
    };

  async function account(): Promise<{ id: string; email: string }> {
    const id = await addPerson(first, { [organizationId]: 'viewer' });
    await first.get(LocalAccounts).setPassword(id, PASSWORD, { mustChange: false });
    const [row] = await first.query<{ email: string }>('SELECT email FROM users WHERE id = $1', [id]);
    return { id, email: row!.email };
  }

  const signIn = (app: TestApp, email: string, password: string, headers: Record<string, string>) =>
    app.request(LOCAL, { method: 'POST', json: { email, password }, headers });

  const byPage = (app: TestApp, email: string, password: string, headers: Record<string, string>) => {
    const form = formOf({ email, password });
    return app.request('/sign-in', { ...form, headers: { ...form.headers, ...headers } });
  };

  it('lets no more than the burst of one address reach the comparison of keys', async () => {
    const startedMs = performance.now();
    let statuses = new Map<number, number>();
    const reached = await comparedKeys(async () => {
      statuses = await guess(GUESSES, guessKey(from(newAddress())));
    });
    expectLimit(reached, GENERAL_BURST, startedMs);
    expect(statuses.get(429)).toBe(GUESSES - reached);
    expect(statuses.has(200)).toBe(false);
    console.log(`guesses at keys: ${GUESSES} sent, ${reached} compared, limit ${GENERAL_BURST}`);
  });

  it('nor to the comparison of passwords, by the interface and by the page together', async () => {
    const { email } = await account();
    const headers = from(newAddress());
    const startedMs = performance.now();
    let statuses = new Map<number, number>();
    const reached = await comparedPasswords(async () => {
      statuses = await guess(GUESSES, (app, index) =>
        index % 2 === 0
          ? signIn(app, index % 4 === 0 ? email : `${index}@example.com`, `wrong password ${index}`, headers)
          : byPage(app, email, `wrong password ${index}`, headers),
      );
    });
    expectLimit(reached, AUTH_BURST, startedMs);
    expect([...statuses].sort()).toEqual([
      [401, reached],
      [429, GUESSES - reached],
    ]);
    console.log(`guesses at passwords: ${GUESSES} sent, ${reached} compared, limit ${AUTH_BURST}`);
  });

  it('leaves other addresses alone while one of them guesses', async () => {
    const { email } = await account();
    const key = await first.issueKey('modules:read');
    const flood = guess(GUESSES / 4, guessKey(from(newAddress())));
    const others = await Promise.all(
      apps.flatMap((app) => [
        app.request('/api/v1/users/me/memberships', { key, headers: from(newAddress()) }),
        app.request('/v1/modules/acme/vpc/aws/versions', { key, headers: from(newAddress()) }),
        signIn(app, email, PASSWORD, from(newAddress())),
      ]),
    );
    expect(others.map(({ status }) => status)).toEqual(apps.flatMap(() => [200, 404, 200]));
    expect((await flood).get(429)).toBeGreaterThan(0);
  });

  it('locks an account for all processes, wherever the guesses come from', async () => {
    const { id, email } = await account();
    const others = await account();
    const isLocked = async () => {
      const [row] = await first.query<{ locked: boolean }>(
        'SELECT locked_until > now() AS locked FROM local_credentials WHERE user_id = $1',
        [id],
      );
      return row!.locked;
    };
    const guesses = 60;
    const send: Guess = (app, index) => signIn(app, email, `wrong password ${index}`, from(newAddress()));
    expect(await comparedPasswords(() => guess(guesses, send))).toBe(guesses);
    expect(await isLocked()).toBe(true);
    const rightAnswers = () =>
      Promise.all(apps.map(async (app) => (await signIn(app, email, PASSWORD, from(newAddress()))).status));
    expect(await rightAnswers()).toEqual([401, 401, 401]);
    for (const app of apps) {
      expect((await signIn(app, others.email, PASSWORD, from(newAddress()))).status).toBe(200);
    }
    await first.query(
      `UPDATE local_credentials SET locked_until = now() - interval '1 second' WHERE user_id = $1`,
      [id],
    );
    expect(await rightAnswers()).toEqual([200, 200, 200]);
  });

  describe('does not let anybody choose the address that is counted', () => {
    const stranger = new Agent({ keepAlive: true, localAddress: '127.0.0.2', maxSockets: AT_ONCE });
    afterAll(() => stranger.destroy());

    const spoofed = () => from(`${newAddress()}, ${newAddress()}`);
    const asStranger = (app: TestApp, path: string, options: RequestOptions) =>
      request(`${app.url}${path}`, { ...options, agent: stranger });

    it('who connects without a trusted proxy', async () => {
      const startedMs = performance.now();
      const reached = await comparedKeys(() =>
        guess(GUESSES / 4, (app, index) => {
          const [path, headers] = ROUTES[index % ROUTES.length]!(newKey());
          return asStranger(app, path, { headers: { ...spoofed(), ...headers } });
        }),
      );
      expectLimit(reached, GENERAL_BURST, startedMs);
      const passwords = await comparedPasswords(() =>
        guess(100, (app) => {
          const form = formOf({ email: `${randomUUID()}@example.com`, password: 'wrong password' });
          return asStranger(app, '/sign-in', { ...form, headers: { ...form.headers, ...spoofed() } });
        }),
      );
      expectLimit(passwords, AUTH_BURST, startedMs);
    });

    it('whose proxy says who it is, whatever the client wrote before', async () => {
      const startedMs = performance.now();
      const address = newAddress();
      const claims = [newAddress, randomUUID, () => `${newAddress()}:80`, () => '127.0.0.1', () => ''];
      const reached = await comparedKeys(() =>
        guess(GUESSES / 4, (app, index) =>
          guessKey(from(`${claims[index % claims.length]!()}, ${address}:${1024 + index}`))(app, index),
        ),
      );
      expectLimit(reached, GENERAL_BURST, startedMs);
    });
  });
});
