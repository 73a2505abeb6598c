import { randomInt } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import { SearchRefill } from '../../../src/search/search-refill.service.js';
import { LocalAccounts } from '../../../src/auth/local-accounts.service.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testSigner } from '../../support/build-fixtures.js';
import { TestApp } from '../../support/test-app.js';
import { oidcSettings } from '../auth/support/sign-in.js';
import type { Identity } from './expectation.js';
import { declaredFields } from './fuzz/declared-fields.js';
import { asManyAsFit, mutation, STRANGE, strange, withFields } from './fuzz/bodies.js';
import { Random } from './fuzz/random.js';
import { ValidRequests } from './fuzz/requests.js';
import { EXTRA, extraFields, RowChanges } from './fuzz/row-changes.js';
import { identitiesOf, type Organizations } from './identities.js';
import { MatrixObjects } from './objects.js';
import { POLICY, type PolicyRow } from './policy.js';
import { routesOf } from './route-table.js';

const ROWS = Object.values(POLICY).flatMap((section) => Object.entries(section));
const CALLERS = [
  'anonymous',
  'owner of the organization',
  'platform administrator',
  'key with modules:write',
];
const PER_ROUTE = 5;
/** They end the session that they come with, or the setup. */
const SPENDS_SESSION =
  /(?:auth\/logout|auth\/refresh|auth\/sessions|sign-out-everywhere|change-password|local\/password)$/;
const ENDS_SETUP = 'POST /api/v1/setup/complete';
const SEED = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));

/** What a database, a stack or a file system says, and no answer repeats (threat J6). */
const INTERNALS = [
  /\bat (?:async )?[\w.<>[\] ]+ \(|\bat (?:async )?(?:file|node):/,
  /\.(?:[cm]?[jt]sx?):\d+/,
  /node_modules|\/work\/|\/tmp\/|\/home\/|\/usr\/|\/var\//,
  /\b(?:SELECT|INSERT INTO|DELETE FROM)\b|\bUPDATE \w+ SET\b/,
  /violates|\bconstraint\b|relation "|column "|syntax error|invalid input syntax|byte sequence|duplicate key/i,
  /QueryFailedError|TypeORM|EntityNotFound|TypeError|RangeError|ECONNREFUSED|ENOENT|EACCES|is not a function/,
  /Cannot read propert|undefined is not|\[object Object\]|Unexpected token|in JSON at/,
];
/** Texts of the product itself may hold such words. */
const DESCRIPTIONS = /^GET \/(?:swagger|openapi|api-docs|assets|api\/v1\/oauth\/assets)/;
/** What these show when they succeed has the folder of a local storage in it, or the record of its change. */
const SHOW_FOLDERS =
  /\/(?:setup\/storage|storage\/configs?(?:\/:id(?:\/activate)?)?|audit-logs(?:\/export|\/:id)?)$/;

describe('what strange requests are answered (J6, W8, C9)', () => {
  let app: TestApp;
  let organizations: Organizations;
  let callers: Identity[];
  let requests: ValidRequests;
  let extras: Record<string, unknown>[];

  beforeAll(async () => {
    app = await TestApp.start({
      TFR_AUTH_LOGIN_ENABLED: 'true',
      TFR_MULTI_TENANCY_ENABLED: 'true',
      ...oidcSettings('http://127.0.0.1:1'),
    });
    const [main] = await app.query<{ id: string }>('SELECT id FROM organizations WHERE is_default');
    organizations = {
      default: main!.id,
      own: await app.addOrganization('own-organization'),
      other: await app.addOrganization('other-organization'),
    };
    // What owns something is not deleted.
    await app.query(
      `INSERT INTO registry_modules (organization_id, namespace, name, system) VALUES ($1, 'kept', 'kept', 'aws')`,
      [organizations.own],
    );
    // Not by the job, somewhere between two requests.
    await app.get(SearchRefill).run(new AbortController().signal);
    const { publicKey } = await testSigner();
    const identities = await identitiesOf(app, organizations, 'signature=none');
    callers = CALLERS.map((wanted) => identities.find(({ name }) => name === wanted)!);
    const objects = new MatrixObjects(app, organizations);
    requests = new ValidRequests(app, objects, { organizations, person: await aPerson(), publicKey });
    const ids = { organizationId: organizations.other, userId: callers[1]!.userId! };
    extras = [await extraFields(app, ids, true), await extraFields(app, ids, false)];
  });
  afterAll(() => app?.stop());

  async function aPerson() {
    const [email, password] = ['person@example.com', 'a tree house by the sea'];
    const [row] = await app.query<{ id: string }>(
      `INSERT INTO users (email, name) VALUES ($1, 'Person') RETURNING id`,
      [email],
    );
    await app.get(LocalAccounts).setPassword(row!.id, password, { mustChange: false });
    return { id: row!.id, email, password };
  }

  it('is what it is without extra fields, and so is what happens (C9)', { timeout: 120_000 }, async () => {
    const changes = new RowChanges(app, namesOf(organizations));
    const problems: string[] = [];
    let changed = 0;
    const routes = ROWS.filter(([route]) => !route.startsWith('GET ') && route !== ENDS_SETUP);
    for (const [route, row] of routes) {
      const declared = declaredFields(route);
      // Leaves things as the others find them.
      await outcomeOf(changes, route, row, {});
      const plain = await outcomeOf(changes, route, row, {});
      if (plain.length > 1) changed += 1;
      for (const fields of extras) {
        const extra = Object.entries(fields).filter(([name]) => !declared.has(name));
        const other = await outcomeOf(changes, route, row, Object.fromEntries(extra));
        problems.push(...differences(plain, other).map((one) => `${route}: ${one}`));
      }
    }
    console.log(
      `extra fields: ${Object.keys(extras[0]!).length} in ${routes.length} routes, of which ${changed} change rows`,
    );
    expect(problems).toEqual([]);
    expect(await changes.taken()).toEqual([]);
    expect(changed).toBeGreaterThan(routes.length / 2);
  });

  it('would be seen to differ by a field that is taken over', async () => {
    const changes = new RowChanges(app, namesOf(organizations));
    const [route, row] = ROWS.find(([name]) => name === 'POST /api/v1/users')!;
    const [plain, other] = [
      await outcomeOf(changes, route, row, {}),
      await outcomeOf(changes, route, row, { oidc_sub: EXTRA.text }),
    ];
    expect(differences(plain, other)).toContainEqual(
      expect.stringMatching(/^only with: \+ users .*extra-canary/),
    );
    expect(await changes.taken()).not.toEqual([]);
  });

  /** What a valid request of the platform administrator is answered, and the rows that it adds and removes. */
  async function outcomeOf(
    changes: RowChanges,
    route: string,
    row: PolicyRow,
    fields: Record<string, unknown>,
  ): Promise<string[]> {
    const caller = callers.find(({ name }) => name === 'platform administrator')!;
    await app.query('DELETE FROM sessions WHERE user_id = $1', [caller.userId]);
    await app.query('DELETE FROM memberships m USING users u WHERE u.id = m.user_id AND u.name = $1', [
      'Person',
    ]);
    // A cycle of the scrub that is under way is not begun again.
    await app.query('DELETE FROM storage_scrubs');
    const headers = row.rule === 'setup' ? {} : await caller.renewed!();
    const valid = await requests.make(route, row, { ...caller, headers }, true);
    await changes.since();
    const { statusCode, body } = await app.server.app.inject(withFields(valid, asManyAsFit(valid, fields)));
    return [`${statusCode} ${changes.plain(body)}`, ...(await changes.since())];
  }

  it('is never a fault, a statement, a stack or a path', { timeout: 120_000 }, async () => {
    const random = new Random(SEED);
    const problems: string[] = [];
    const statuses = new Map<number, number>();
    let sent = 0;
    console.log(`strange requests: FUZZ_SEED=${SEED}`);
    expect(routesOf(app.server.app)).toEqual(ROWS.map(([route]) => route).sort());
    for (const [route, row] of ROWS) {
      for (const [index, caller] of callers.entries()) {
        for (let turn = 0; turn < PER_ROUTE; turn += 1) {
          if (route === ENDS_SETUP && caller.credential === 'none') continue;
          const change = mutation(random, random.pick(extras));
          const valid = await requests.make(route, row, caller, route.startsWith('DELETE '));
          const { status, problem } = await answerTo(route, change.apply(valid));
          sent += 1;
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (problem !== undefined) problems.push(`${route} as ${caller.name}, ${change.name}: ${problem}`);
          if (SPENDS_SESSION.test(route) && caller.renewed) {
            callers[index] = { ...caller, headers: await caller.renewed() };
          }
        }
      }
    }
    const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
    console.log(`strange requests: ${sent} sent to ${ROWS.length} routes; ${counts.join(', ')}`);
    expect(problems).toEqual([]);
    expect(sent).toBeGreaterThanOrEqual(2_000);
  });

  it('is the same when something else comes instead of the body', { timeout: 120_000 }, async () => {
    const administrator = callers.findIndex(({ name }) => name === 'platform administrator');
    const problems: string[] = [];
    let sent = 0;
    for (const [route, row] of ROWS) {
      if (route.startsWith('GET ') || route === ENDS_SETUP) continue;
      for (const body of STRANGE) {
        const { renewed } = callers[administrator]!;
        const change = strange(body);
        const valid = await requests.make(route, row, callers[administrator]!, false);
        const { problem } = await answerTo(route, change.apply(valid));
        sent += 1;
        if (problem !== undefined) problems.push(`${route}, ${change.name}: ${problem}`);
        if (SPENDS_SESSION.test(route)) {
          callers[administrator] = { ...callers[administrator]!, headers: await renewed!() };
        }
      }
    }
    console.log(`strange bodies: ${sent} sent`);
    expect(problems).toEqual([]);
  });

  /** What is wrong with an answer, if anything is. */
  async function answerTo(
    route: string,
    request: InjectOptions,
  ): Promise<{ status: number; problem?: string }> {
    const { statusCode: status, headers, body } = await app.server.app.inject(request);
    const type = String(headers['content-type'] ?? '');
    const texts = [body, ...Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`)];
    const mayTell = status < 400 && (DESCRIPTIONS.test(route) || SHOW_FOLDERS.test(route));
    const leak = mayTell ? undefined : INTERNALS.find((one) => one.test(texts.join('\n')));
    const problem =
      status >= 500 && status !== 502 && status !== 503
        ? `${status}`
        : leak !== undefined
          ? `${status} tells ${leak}`
          : status >= 400 && !isErrorBody(type, body)
            ? `${status} without a sentence (${type})`
            : undefined;
    return problem === undefined ? { status } : { status, problem: `${problem}: ${body.slice(0, 300)}` };
  }
});

/** The shapes of REST contract 2.3: JSON with a sentence, one line of text, or a page. */
function isErrorBody(type: string, body: string): boolean {
  if (type.startsWith('text/html')) return /^<!doctype html>/i.test(body);
  if (type.startsWith('text/plain')) return body.trim() !== '';
  const { error } = JSON.parse(body) as { error?: unknown };
  return typeof error === 'string' && error !== '';
}

/** Lines that only one of two outcomes has. */
function differences(plain: readonly string[], other: readonly string[]): string[] {
  return [
    ...plain.filter((line) => !other.includes(line)).map((line) => `only without: ${line}`),
    ...other.filter((line) => !plain.includes(line)).map((line) => `only with: ${line}`),
  ];
}

/** Ids that a request could be made to name. */
function namesOf(organizations: Organizations): Record<string, string> {
  return Object.fromEntries(
    Object.entries(organizations).map(([name, id]) => [id, `<${name} organization>`]),
  );
}
