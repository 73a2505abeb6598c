import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../auth/support/browser.js';

const ROUNDS = 12;
const LEADERS = 6;

let app: TestApp;
let replica: TestApp;
let platform: string;

beforeAll(async () => {
  app = await TestApp.start({
    TFR_MULTI_TENANCY_ENABLED: 'true',
    TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
  });
  replica = await app.another();
  platform = await defaultOrganizationOf(app);
});
afterAll(async () => {
  await replica?.stop();
  await app?.stop();
});

/** Ways to stop leading an organization, or to end that somebody else does. */
const WAYS: ((by: Browser, at: TestApp, member: string) => Promise<{ status: number }>)[] = [
  (by, at, member) => by.request(member, { at, method: 'DELETE', proof: 'handle' }),
  (by, at, member) => by.request(member, { at, method: 'PUT', json: {}, proof: 'handle' }),
  (by, at, member) => by.request(member, { at, method: 'PUT', json: { role: 'viewer' }, proof: 'handle' }),
];

async function leadersOf(organization: string, names: readonly string[]): Promise<number> {
  const [row] = await app.query<{ count: number }>(
    `SELECT count(*)::int FROM memberships m JOIN role_templates r ON r.id = m.role_template_id
     WHERE m.organization_id = $1 AND r.name = ANY($2)`,
    [organization, names],
  );
  return row!.count;
}

describe.each([
  ['owners', 'owner'],
  ['administrators', 'admin'],
])('of many %s who all go at once, in two processes (C4)', (_, role) => {
  it('one always stays', { timeout: 120_000 }, async () => {
    const statuses: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = await app.addOrganization(`${role}-${round}`);
      const people = await Promise.all(
        Array.from({ length: LEADERS }, async () =>
          Browser.signIn(app, await addPerson(app, { [id]: role })),
        ),
      );
      const attempts = people.flatMap((person, index) =>
        [0, 1].map((shift) => {
          const other = people[(index + shift) % people.length]!;
          const at = (index + shift) % 2 === 0 ? app : replica;
          const way = WAYS[(index + shift + round) % WAYS.length]!;
          return way(person, at, `/api/v1/organizations/${id}/members/${other.userId}`);
        }),
      );
      statuses.push(...(await Promise.all(attempts)).map(({ status }) => status));
      expect(await leadersOf(id, [role])).toBeGreaterThanOrEqual(1);
    }
    expect(statuses.filter((status) => ![200, 403, 404, 409].includes(status))).toEqual([]);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(ROUNDS);
    expect(statuses).toContain(409);
  });
});

describe('of all platform administrators who go at once, in two processes (C4)', () => {
  it('one always stays', { timeout: 120_000 }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const people = await Promise.all(
        Array.from({ length: LEADERS }, async () =>
          Browser.signIn(app, await addPerson(app, { [platform]: 'admin' })),
        ),
      );
      await Promise.all(
        people.map((person, index) => {
          const at = index % 2 === 0 ? app : replica;
          return WAYS[index % WAYS.length]!(
            person,
            at,
            `/api/v1/organizations/${platform}/members/${person.userId}`,
          );
        }),
      );
      expect(await leadersOf(platform, ['admin', 'owner'])).toBeGreaterThanOrEqual(1);
    }
  });

  it('also when users are deleted and roles are changed at the same time', { timeout: 120_000 }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = await app.addOrganization(`mixed-${round}`);
      const admin = await Browser.signIn(app, await addPerson(app, { [platform]: 'admin' }));
      const owners = await Promise.all(Array.from({ length: 3 }, () => addPerson(app, { [id]: 'owner' })));
      const answers = await Promise.all(
        owners.map((owner, index) => {
          const at = index % 2 === 0 ? app : replica;
          if (index === 0)
            return admin.request(`/api/v1/users/${owner}`, { at, method: 'DELETE', proof: 'handle' });
          return WAYS[(index + round) % WAYS.length]!(
            admin,
            at,
            `/api/v1/organizations/${id}/members/${owner}`,
          );
        }),
      );
      expect(await leadersOf(id, ['owner'])).toBe(1);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 409]);
    }
  });
});
