import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { CacheInvalidation } from '../../../src/platform/cache/cache-invalidation.js';
import { CacheRelay } from '../../../src/platform/cache/cache-relay.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { aModule } from '../../support/factories/module.factory.js';
import type { AppRequest } from '../../support/test-app.js';
import { TestApp } from '../../support/test-app.js';
import { addUser } from './support/identity.js';

const POLL_MS = 10;
/** So many refusals in a row end a trial. */
const REFUSALS = 5;
const LIMIT_MS = 1_000;

interface Subject {
  readonly userId: string;
  readonly key: string;
  readonly keyId: string;
}

describe('what is taken away on one replica (A6)', () => {
  let first: TestApp;
  let second: TestApp;
  let teamId: string;
  let adminKey: string;
  const path = '/v1/modules/team/network/aws/versions';

  beforeAll(async () => {
    first = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
    second = await first.another();
    teamId = await first.addOrganization('team');
    adminKey = await first.issueKey('admin');
    const publisher = await first.issueKey('modules:write', teamId);
    const published = await first.publishModule(aModule({ namespace: 'team', name: 'network' }), publisher);
    expect(published.status).toBe(201);
  });
  afterAll(async () => {
    await second.stop();
    await first.stop();
  });

  async function subject(role = 'member'): Promise<Subject> {
    const userId = await addUser(
      { query: (text: string, values: unknown[]) => first.query(text, values) } as never,
      {
        [teamId]: role,
      },
    );
    const { key, id } = await first
      .get(ApiKeys)
      .issue({ name: 'ci', scopes: ['modules:write'], userId, organizationId: teamId });
    return { userId, key, keyId: id };
  }

  /** Reading what is private, as a CLI does. */
  const reading = (key: string): AppRequest & { path: string } => ({ path, lean: true, key });
  /** Being somebody. */
  const signedIn = (key: string): AppRequest & { path: string } => ({ path: '/api/v1/apikeys', key });

  const isAccepted = async ({ path: target, ...options }: AppRequest & { path: string }) =>
    (await second.request(target, options)).status === 200;

  /** Asks the second replica all the time while `take` runs on the first; ms from its end to the last success. */
  async function lastSuccess(
    request: AppRequest & { path: string },
    take: () => Promise<unknown>,
  ): Promise<number> {
    while (!(await isAccepted(request))) await sleep(POLL_MS);
    let lastStartedMs = 0;
    let takenMs = Infinity;
    let refusals = 0;
    const poll = async (): Promise<void> => {
      while (refusals < REFUSALS) {
        const startedMs = performance.now();
        if (await isAccepted(request)) {
          lastStartedMs = startedMs;
          refusals = 0;
        } else refusals += 1;
        if (startedMs - takenMs > 5 * LIMIT_MS) return;
        await sleep(POLL_MS);
      }
    };
    const polling = poll();
    await take();
    takenMs = performance.now();
    await polling;
    return Math.max(0, lastStartedMs - takenMs);
  }

  const administrate = async (method: string, target: string, json?: object) => {
    const answer = await first.request(target, { method, key: adminKey, json });
    expect([200, 204]).toContain(answer.status);
  };
  const revoke = ({ keyId }: Subject) => administrate('DELETE', `/api/v1/apikeys/${keyId}`);

  /** The longest delay of some trials, printed. */
  function longest(what: string, delays: number[]): number {
    const most = Math.max(...delays);
    console.log(`${what}: last success after at most ${most.toFixed(1)} ms in ${delays.length} trials`);
    return most;
  }

  async function trials(count: number, one: () => Promise<number>): Promise<number[]> {
    const delays: number[] = [];
    for (let round = 0; round < count; round += 1) delays.push(await one());
    return delays;
  }

  it('is refused by another within a second: 100 revoked keys', { timeout: 120_000 }, async () => {
    const revoked: Subject[] = [];
    const delays = await trials(100, async () => {
      const one = await subject();
      revoked.push(one);
      const request = revoked.length % 2 === 0 ? reading(one.key) : signedIn(one.key);
      return lastSuccess(request, () => revoke(one));
    });
    expect(longest('revoked keys', delays)).toBeLessThanOrEqual(LIMIT_MS);
    for (const { key } of revoked) expect(await isAccepted(signedIn(key))).toBe(false);
  });

  const losses: [
    string,
    (one: Subject) => Promise<unknown>,
    (key: string) => AppRequest & { path: string },
  ][] = [
    [
      'a role',
      ({ userId }) => administrate('PUT', `/api/v1/organizations/${teamId}/members/${userId}`, {}),
      reading,
    ],
    [
      'a membership',
      ({ userId }) => administrate('DELETE', `/api/v1/organizations/${teamId}/members/${userId}`),
      reading,
    ],
    [
      'an enabled account',
      ({ userId }) => announced('identity', 'UPDATE users SET is_active = false WHERE id = $1', [userId]),
      signedIn,
    ],
    ['an account', ({ userId }) => administrate('DELETE', `/api/v1/users/${userId}`), signedIn],
    [
      'scopes of the key',
      ({ keyId }) => administrate('PUT', `/api/v1/apikeys/${keyId}`, { scopes: ['providers:read'] }),
      reading,
    ],
  ];
  it.each(losses)(
    'is refused by another within a second: %s',
    { timeout: 60_000 },
    async (what, take, request) => {
      const delays = await trials(10, async () => {
        const one = await subject();
        return lastSuccess(request(one.key), () => take(one));
      });
      expect(longest(what, delays)).toBeLessThanOrEqual(LIMIT_MS);
    },
  );

  it('is refused by another within a second: public reading', { timeout: 60_000 }, async () => {
    const show = (visibility: string) =>
      administrate('PUT', `/api/v1/organizations/${teamId}`, { visibility });
    const delays = await trials(10, async () => {
      await show('public');
      return lastSuccess({ path, lean: true }, () => show('private'));
    });
    expect(longest('public reading', delays)).toBeLessThanOrEqual(LIMIT_MS);
  });

  it(
    'is refused within a second while the connections for news are killed again and again',
    { timeout: 120_000 },
    async () => {
      const relay = second.get(CacheRelay);
      let isOver = false;
      const killing = (async () => {
        while (!isOver) {
          await first.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'terraform-registry cache'`,
          );
          await sleep(5);
        }
      })();
      try {
        const delays = await trials(20, async () => {
          const one = await subject();
          return lastSuccess(reading(one.key), () => revoke(one));
        });
        expect(longest('revoked keys, connections killed', delays)).toBeLessThanOrEqual(LIMIT_MS);
      } finally {
        isOver = true;
        await killing;
      }
      while (!relay.isConnected) await sleep(POLL_MS);
    },
  );

  it('is forgotten as a whole when the news come back', async () => {
    let forgotten = 0;
    const relay = second.get(CacheRelay);
    second.get(CacheInvalidation).onChange('settings', () => (forgotten += 1));
    await first.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'terraform-registry cache'`,
    );
    while (forgotten === 0 || !relay.isConnected) await sleep(POLL_MS);
    const before = forgotten;
    while (!first.get(CacheRelay).isConnected) await sleep(POLL_MS);
    await first.get(Transactions).run(async () => first.get(CacheInvalidation).announce('settings'));
    while (forgotten === before) await sleep(POLL_MS);
    expect(forgotten).toBeGreaterThan(before);
  });

  it('is told after the commit only, and not after a rollback', async () => {
    let forgotten = 0;
    second.get(CacheInvalidation).onChange('settings', () => (forgotten += 1));
    const changes = first.get(CacheInvalidation);
    const failing = first.get(Transactions).run(async () => {
      changes.announce('settings');
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await first.get(Transactions).run(async () => {
      for (let round = 0; round < 1_000; round += 1) changes.announce('settings');
      expect(forgotten).toBe(0);
    });
    while (forgotten === 0) await sleep(POLL_MS);
    // Told once the commit is made, and not a thousand times.
    expect(forgotten).toBeLessThan(100);
  });

  it(
    'is refused within a second by its age alone, when no news arrives at all',
    { timeout: 120_000 },
    async () => {
      await second.get(CacheRelay).onApplicationShutdown();
      const delays = await trials(20, async () => {
        const one = await subject();
        return lastSuccess(reading(one.key), () => revoke(one));
      });
      expect(longest('revoked keys without news', delays)).toBeLessThanOrEqual(LIMIT_MS);
      // Otherwise something else told the replica, and this showed nothing.
      expect(Math.max(...delays)).toBeGreaterThan(0);
    },
  );

  async function announced(topic: 'identity', statement: string, values: unknown[]): Promise<void> {
    await first.get(Transactions).run(async () => {
      await first.get(Transactions).query(statement, values);
      first.get(CacheInvalidation).announce(topic);
    });
  }
});
