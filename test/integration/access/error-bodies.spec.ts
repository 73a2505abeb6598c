import { randomInt } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiDescription } from '../../../src/platform/http/api-description.js';
import { TestApp } from '../../support/test-app.js';
import type { Identity } from './expectation.js';
import { mutation, STRANGE, strange, withFields } from './fuzz/bodies.js';
import { Random } from './fuzz/random.js';
import { ValidRequests } from './fuzz/requests.js';
import { extraFields, RowChanges } from './fuzz/row-changes.js';
import { identitiesOf, type Organizations } from './identities.js';
import { MatrixObjects } from './objects.js';
import { POLICY } from './policy.js';
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
/** Texts of the product itself, and the step of the setup that names a folder, may hold such words. */
const DESCRIPTIONS =
  /^GET \/(?:swagger|openapi|api-docs|assets|api\/v1\/oauth\/assets)|^POST \/api\/v1\/setup\/storage$/;

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
      TFR_SECURITY_EGRESS_ALLOWLIST: '127.0.0.1',
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
    const identities = await identitiesOf(app, organizations);
    callers = CALLERS.map((wanted) => identities.find(({ name }) => name === wanted)!);
    requests = new ValidRequests(app, new MatrixObjects(app, organizations), organizations);
    const ids = { organizationId: organizations.other, userId: callers[1]!.userId! };
    extras = [await extraFields(app, ids, true), await extraFields(app, ids, false)];
  });
  afterAll(() => app?.stop());

  it('does what it does without extra fields, whatever is in them (C9)', { timeout: 120_000 }, async () => {
    const changes = new RowChanges(app, namesOf(organizations));
    const problems: string[] = [];
    let compared = 0;
    for (const [route, row] of ROWS) {
      if (route.startsWith('GET ') || route === ENDS_SETUP) continue;
      const declared = declaredFields(app, route);
      const runs: string[][] = [];
      for (const fields of [{}, ...extras]) {
        const more = Object.fromEntries(Object.entries(fields).filter(([name]) => !declared.has(name)));
        const caller = callers.find(({ name }) => name === 'platform administrator')!;
        await app.query('DELETE FROM sessions WHERE user_id = $1', [caller.userId]);
        const valid = await requests.make(route, row, await caller.renewed!(), true);
        await changes.since();
        const { statusCode, body } = await app.server.app.inject(withFields(valid, more));
        runs.push([`${statusCode} ${changes.plain(body)}`, ...(await changes.since())]);
      }
      compared += 1;
      const [plain, ...others] = runs as [string[], string[], string[]];
      for (const other of others) problems.push(...differences(plain, other).map((one) => `${route}: ${one}`));
    }
    console.log(`extra fields: ${Object.keys(extras[0]!).length} in each of ${compared} routes`);
    expect(problems).toEqual([]);
    expect(await changes.taken()).toEqual([]);
  });

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
          const valid = await requests.make(route, row, caller.headers, route.startsWith('DELETE '));
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
        const { headers, renewed } = callers[administrator]!;
        const change = strange(body);
        const valid = await requests.make(route, row, headers, route.startsWith('DELETE '));
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
    const leak =
      DESCRIPTIONS.test(route) && status < 400
        ? undefined
        : INTERNALS.find((one) => one.test(texts.join('\n')));
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

/** The fields that the description of a route names: they are not extra. */
function declaredFields(app: TestApp, route: string): Set<string> {
  const document = JSON.parse(app.get(ApiDescription).bytes().toString()) as OpenApi;
  const [method, path] = route.split(' ') as [string, string];
  const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  const schemas = Object.values(operation?.requestBody?.content ?? {}).map(({ schema }) => schema);
  const names = schemas.flatMap(({ $ref, properties }) =>
    Object.keys(properties ?? document.components.schemas[$ref?.split('/').at(-1) ?? '']?.properties ?? {}),
  );
  return new Set(names);
}

interface Schema {
  readonly $ref?: string;
  readonly properties?: object;
}

interface OpenApi {
  readonly paths: Record<
    string,
    Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>
  >;
  readonly components: { readonly schemas: Record<string, Schema> };
}
