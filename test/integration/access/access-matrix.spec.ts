import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../support/test-app.js';
import { expected, type Identity, type Mode, type Outcome, type Place } from './expectation.js';
import { identitiesOf, type Organizations } from './identities.js';
import { MatrixObjects } from './objects.js';
import { POLICY, type PolicyRow } from './policy.js';
import { requestOf } from './requests.js';
import { routesOf } from './route-table.js';

const ROWS = Object.values(POLICY).flatMap((section) => Object.entries(section));
const SPENDS_SESSION =
  /(?:auth\/logout|auth\/refresh|auth\/sessions|sign-out-everywhere|change-password|local\/password)$/;
const NESTED = ['signing key', 'member', 'trusted publisher', 'mirror run', 'mirror key'];

const SETTINGS = { TFR_AUTH_LOGIN_ENABLED: 'true' };
const MODES: readonly (readonly [string, Mode, Record<string, string>])[] = [
  [
    'a private server with several tenants',
    { isMultiTenant: true, isOpen: false },
    { ...SETTINGS, TFR_MULTI_TENANCY_ENABLED: 'true' },
  ],
  ['an open server with one tenant', { isMultiTenant: false, isOpen: true }, SETTINGS],
];

describe.each(MODES)('who may do what on %s (T9)', (_, mode, settings) => {
  let app: TestApp;
  let organizations: Organizations;
  let identities: Identity[];
  let objects: MatrixObjects;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_DOCUMENTATION_AT_PUBLISH: 'true', ...settings });
    const [main] = await app.query<{ id: string }>('SELECT id FROM organizations WHERE is_default');
    organizations = {
      default: main!.id,
      own: await app.addOrganization('own-organization'),
      other: await app.addOrganization('other-organization'),
    };
    for (const organization of [organizations.own, organizations.other]) await makeLasting(organization);
    objects = new MatrixObjects(app, organizations);
    const signature = await objects.signature();
    identities = await identitiesOf(app, organizations, signature);
    await untilRefused(identities.find(({ name }) => name === 'disabled user')!);
  });
  afterAll(() => app?.stop());

  /** No request removes its last owner, and none deletes it, because it owns something. */
  async function makeLasting(organizationId: string): Promise<void> {
    await app.query(
      `INSERT INTO registry_modules (organization_id, namespace, name, system) VALUES ($1, $2, 'kept', 'aws')`,
      [organizationId, `kept-${organizationId}`],
    );
    await app.query(
      `WITH person AS (INSERT INTO users (email, name) VALUES ($2, 'Owner') RETURNING id)
       INSERT INTO memberships (organization_id, user_id, role_template_id)
       SELECT $1, person.id, r.id FROM person, role_templates r WHERE r.name = 'owner'`,
      [organizationId, `${randomUUID()}@example.com`],
    );
  }

  /** It takes a moment until what was changed in the database is seen. */
  async function untilRefused({ headers }: Identity): Promise<void> {
    while ((await app.server.app.inject({ url: '/api/v1/auth/me', headers })).statusCode !== 401);
  }

  const send = async (route: string, who: Identity, place: Place, row: PolicyRow, mayPass: boolean) => {
    const isFresh = mayPass && isUsedUp(route);
    const address = await objects.at(row.object, place, isFresh, who.userId);
    const unique = `matrix-${randomUUID()}`;
    const spareUserId = route.endsWith('/members') && mayPass ? await objects.person() : randomUUID();
    const facts = { address, place, organizations, spareUserId, unique };
    const answer = await app.server.app.inject(requestOf(route, facts, who));
    return { status: answer.statusCode, body: answer.body, headers: lastingHeaders(answer.headers) };
  };

  it('is written down for every route, and for no other', () => {
    expect(routesOf(app.server.app)).toEqual(ROWS.map(([route]) => route).sort());
  });

  it('is what the policy says, in every cell of the matrix', { timeout: 600_000 }, async () => {
    const mismatches: Mismatch[] = [];
    let cells = 0;
    for (const [route, row] of ROWS) {
      for (const place of placesOf(row)) {
        for (const [index, who] of identities.entries()) {
          const wanted = expected(row, who, place, mode);
          const { status, body } = await send(route, who, place, row, wanted === 'passes');
          cells += 1;
          if (SPENDS_SESSION.test(route) && who.renewed) {
            identities[index] = { ...who, headers: await who.renewed() };
          }
          const outcome = status === row.also ? 'passes' : outcomeOf(row, status);
          if (outcome === wanted) continue;
          mismatches.push({
            what: `${route} | ${place}: ${wanted} expected, ${status}`,
            who: who.name,
            body,
          });
        }
      }
    }
    console.log(`access matrix: ${ROWS.length} routes, ${cells} cells, ${mismatches.length} mismatches`);
    expect(grouped(mismatches)).toEqual([]);
    expect(cells).toBeGreaterThan(ROWS.length * identities.length);
  });

  it('never tells what is somebody else’s from what is not there (C7)', { timeout: 300_000 }, async () => {
    const differences: string[] = [];
    for (const [route, row] of ROWS.filter(([, { object }]) => object !== undefined)) {
      for (const who of identities) {
        const isHidden = ['401', '404'].includes(expected(row, who, 'foreign', mode));
        if (!isHidden || expected(row, who, 'absent', mode) !== expected(row, who, 'foreign', mode)) continue;
        const [foreign, absent] = [
          await send(route, who, 'foreign', row, false),
          await send(route, who, 'absent', row, false),
        ];
        if (JSON.stringify(foreign) === JSON.stringify(absent)) continue;
        differences.push(`${route} | ${who.name}: ${JSON.stringify(foreign)} ≠ ${JSON.stringify(absent)}`);
      }
    }
    expect(differences).toEqual([]);
  });
});

interface Mismatch {
  readonly what: string;
  readonly who: string;
  readonly body: string;
}

/** One line for all callers who were answered wrongly in the same way. */
function grouped(mismatches: readonly Mismatch[]): string[] {
  const groups = Map.groupBy(mismatches, ({ what }) => what);
  return [...groups].map(
    ([what, all]) => `${what} for ${all.map(({ who }) => who).join(', ')} (${all[0]!.body.slice(0, 100)})`,
  );
}

function placesOf(row: PolicyRow): Place[] {
  if (row.object === undefined) return ['own'];
  const places: Place[] = ['own', 'foreign', 'absent'];
  return NESTED.includes(row.object) ? [...places, 'foreign child'] : places;
}

/** Whether a request that passes leaves nothing behind for the next one. */
function isUsedUp(route: string): boolean {
  return (
    /^(?:DELETE |PUT \/api\/v1\/namespaces\/)/.test(route) ||
    /\/(?:revoke|rotate|end|withdraw|quarantine)$/.test(route)
  );
}

/** What is open to everybody may not exist; that says nothing about rights. */
function outcomeOf({ rule }: PolicyRow, status: number): Outcome | `error ${number}` {
  if (rule === 'open' && status === 404) return 'passes';
  if (status === 401 || status === 403 || status === 404) return `${status}`;
  return status >= 500 ? `error ${status}` : 'passes';
}

function lastingHeaders(headers: Record<string, unknown>): Record<string, unknown> {
  const { date: _date, 'x-request-id': _id, ...lasting } = headers;
  return lasting;
}
