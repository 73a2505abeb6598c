import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Namespaces } from '../../../../../../src/orgs/namespaces.service.js';
import { aModule, moduleProtocolPath } from '../../../../../support/factories/module.factory.js';
import { aProvider } from '../../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../../../../auth/support/browser.js';
import { aTime, expectApiError } from '../../../support/expectations.js';

const NAMESPACES = '/api/v1/namespaces';
const ABSENT = '00000000-0000-4000-8000-000000000000';
const TAKEN = 'This namespace is not available';

let app: TestApp;
let platform: string;
let red: string;
let blue: string;
let admin: Browser;
let redOwner: Browser;

async function started(settings: Record<string, string>): Promise<void> {
  app = await TestApp.start(settings);
  platform = await defaultOrganizationOf(app);
  red = await app.addOrganization('red');
  blue = await app.addOrganization('blue');
  admin = await Browser.signIn(app, await addPerson(app, { [platform]: 'admin' }));
  redOwner = await Browser.signIn(app, await addPerson(app, { [red]: 'owner' }));
}

const send = (by: Browser, method: string, path: string, json?: unknown) =>
  by.request(`${NAMESPACES}${path}`, { method, json, proof: 'handle' });
const claim = (by: Browser, name: unknown, organization: unknown) =>
  send(by, 'POST', '', { name, organization_id: organization });
const ownersOf = (namespace: string) =>
  app.query(
    `SELECT organization_id AS id FROM namespace_claims WHERE name = $1
     UNION SELECT organization_id FROM registry_modules WHERE namespace = $1
     UNION SELECT organization_id FROM registry_providers WHERE namespace = $1`,
    [namespace],
  );

describe('namespaces of a multi-tenant registry', () => {
  beforeAll(() => started({ TFR_MULTI_TENANCY_ENABLED: 'true', TFR_AUTH_ANONYMOUS_READ: 'true' }));
  afterAll(() => app?.stop());

  it('are claimed before anything is published, in the spelling of the claim', async () => {
    const answer = await claim(redOwner, 'Crimson_Tools', red);
    expect([answer.status, answer.json()]).toEqual([
      201,
      { name: 'Crimson_Tools', organization_id: red, organization_name: 'red', created_at: aTime },
    ]);
    const key = await app.issueKey('modules:write', red);
    expect((await app.publishModule(aModule({ namespace: 'Crimson_Tools' }), key)).status).toBe(201);
    const other = await app.issueKey('modules:write', blue);
    expect((await app.publishModule(aModule({ namespace: 'crimson-tools' }), other)).status).toBe(403);
  });

  it('are listed to who sees the organization', async () => {
    await claim(admin, 'azure-tools', blue);
    await claim(redOwner, 'aa-red', red);
    const names = async (by: Browser) =>
      (await by.request(NAMESPACES)).json<{ namespaces: { name: string; organization_id: string }[] }>()
        .namespaces;
    const seen = await names(redOwner);
    expect(seen.every((one) => one.organization_id === red)).toBe(true);
    expect(seen.map(({ name }) => name)).toEqual(expect.arrayContaining(['aa-red', 'Crimson_Tools']));
    const all = (await names(admin)).map(({ name }) => name.toLowerCase().replaceAll('_', '-'));
    expect(all).toContain('azure-tools');
    expect(all).toEqual(all.toSorted());
    expect((await app.request(NAMESPACES)).status).toBe(401);
    const stranger = await Browser.signIn(app, await addPerson(app));
    expect((await stranger.request(NAMESPACES)).status).toBe(403);
  });

  it('that cannot be had are refused in one text, whatever the reason', async () => {
    await claim(admin, 'azure', blue);
    const answers = await Promise.all([
      claim(redOwner, 'azure', red),
      claim(redOwner, 'AZURE', red),
      claim(redOwner, 'blue', red),
      claim(redOwner, 'Blue', red),
      claim(redOwner, 'default', red),
      claim(admin, 'azure', blue),
    ]);
    for (const answer of answers) expectApiError(answer, 409, TAKEN);
    expect(new Set(answers.map(({ body }) => body.toString())).size).toBe(1);
    expect((await claim(redOwner, 'red', red)).status).toBe(201);
  });

  it('are refused with impossible names, organizations and rights', async () => {
    for (const name of [
      'search',
      'Versions',
      'download',
      '',
      '-a',
      'a_',
      'a/b',
      '\u0430zure',
      'x'.repeat(65),
      7,
    ]) {
      expect([name, (await claim(redOwner, name, red)).status]).toEqual([name, 400]);
    }
    for (const id of ['x', null, undefined]) expect((await claim(redOwner, 'free', id)).status).toBe(400);
    for (const id of [blue, ABSENT, platform]) {
      expectApiError(await claim(redOwner, 'free', id), 404, 'Organization not found');
    }
    expectApiError(await claim(admin, 'free', ABSENT), 404, 'Organization not found');
    const both = await Browser.signIn(app, await addPerson(app, { [red]: 'owner', [blue]: 'viewer' }));
    expect((await claim(both, 'free', blue)).status).toBe(403);
    expect(await app.query(`SELECT 1 FROM namespace_claims WHERE folded_name = 'free'`)).toEqual([]);
  });

  it('go to exactly one of many who claim one at once, in every spelling (C5)', async () => {
    const names = ['so-wanted', 'SO-WANTED', 'so_wanted', 'So_Wanted'];
    const answers = await Promise.all(
      names.flatMap((name) => [
        claim(admin, name, red),
        claim(admin, name, blue),
        claim(admin, name, platform),
      ]),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(11);
  });

  it('are moved and released by platform administrators alone', async () => {
    await claim(redOwner, 'steady', red);
    const blueOwner = await Browser.signIn(app, await addPerson(app, { [blue]: 'owner' }));
    for (const person of [redOwner, blueOwner]) {
      const answers = [
        await send(person, 'PUT', '/steady', { organization_id: blue }),
        await send(person, 'DELETE', '/steady'),
        await send(person, 'PUT', '/absent', { organization_id: blue }),
      ];
      for (const answer of answers) {
        expectApiError(answer, 403, 'Missing required scope', { details: 'Required scope: admin' });
      }
    }
    expect(await ownersOf('steady')).toEqual([{ id: red }]);
  });

  it('move with everything in them, and what the old owner tied to them ends (C11)', async () => {
    const namespace = 'moving';
    const oldKey = await app.issueKey('modules:write,providers:write', red);
    const newKey = await app.issueKey('modules:write,providers:write', blue);
    const module = aModule({ namespace });
    expect((await app.publishModule(module, oldKey)).status).toBe(201);
    expect((await app.publishProvider(aProvider({ namespace }), oldKey)).status).toBe(201);
    const gone = aModule({ namespace, name: 'gone' });
    await app.publishModule(gone, oldKey);
    const path = `/api/v1/modules/${namespace}/gone/${gone.system}`;
    expect((await app.request(path, { method: 'DELETE', key: oldKey })).status).toBe(200);
    const moves: unknown[][] = [];
    app.get(Namespaces).onMove(async (...move) => void moves.push(move));
    const moved = await send(admin, 'PUT', '/MOVING', { organization_id: blue.toUpperCase() });
    expect([moved.status, moved.json()]).toEqual([
      200,
      { name: namespace, organization_id: blue, organization_name: 'blue', created_at: aTime },
    ]);
    expect(moves).toEqual([[namespace, red, blue]]);
    expect(await ownersOf(namespace)).toEqual([{ id: blue }]);
    const next = { ...module, version: '2.0.0' };
    expect((await app.publishModule(next, oldKey)).status).toBe(403);
    const deprecate = `/api/v1/modules/${namespace}/${module.name}/${module.system}/versions/1.0.0/deprecate`;
    expect((await app.request(deprecate, { method: 'POST', key: oldKey })).status).toBe(403);
    expect((await app.publishModule(next, newKey)).status).toBe(201);
    expect((await app.publishModule(gone, newKey)).status).toBe(201);
    expect((await send(admin, 'PUT', '/moving', { organization_id: blue })).status).toBe(200);
    expect(moves).toHaveLength(1);
  });

  it('take on the visibility of the new owner', async () => {
    const hidden = await app.addOrganization('hidden-owner', 'private');
    const module = aModule({ namespace: 'veiled' });
    await app.publishModule(module, await app.issueKey('modules:write', red));
    const read = async () =>
      (await app.request(`${moduleProtocolPath(module)}/versions`, { lean: true })).status;
    expect(await read()).toBe(200);
    await send(admin, 'PUT', '/veiled', { organization_id: hidden });
    expect(await read()).toBe(404);
    await send(admin, 'PUT', '/veiled', { organization_id: red });
    expect(await read()).toBe(200);
  });

  it('are not moved to nobody, and absent ones not at all', async () => {
    await claim(redOwner, 'firm', red);
    expectApiError(
      await send(admin, 'PUT', '/firm', { organization_id: ABSENT }),
      404,
      'Organization not found',
    );
    expectApiError(
      await send(admin, 'PUT', '/nowhere', { organization_id: red }),
      404,
      'Namespace not found',
    );
    expectApiError(await send(admin, 'DELETE', '/nowhere'), 404, 'Namespace not found');
    expect((await send(admin, 'PUT', '/firm', {})).status).toBe(400);
  });

  it('are released only while nothing, tombstones included, is in them (C6)', async () => {
    await claim(redOwner, 'short-lived', red);
    const released = await send(admin, 'DELETE', '/Short_Lived');
    expect([released.status, released.json()]).toEqual([200, { message: 'Namespace released successfully' }]);
    expect((await claim(admin, 'short-lived', blue)).status).toBe(201);
    const key = await app.issueKey('modules:write', red);
    const module = aModule({ namespace: 'lasting' });
    await app.publishModule(module, key);
    const inUse = /^Something is or was published in this namespace/;
    expectApiError(await send(admin, 'DELETE', '/lasting'), 409, inUse);
    const path = `/api/v1/modules/lasting/${module.name}/${module.system}`;
    expect((await app.request(path, { method: 'DELETE', key })).status).toBe(200);
    expectApiError(await send(admin, 'DELETE', '/lasting'), 409, inUse);
  });

  it('are not released under a publish that runs at the same time', async () => {
    const key = await app.issueKey('modules:write', red);
    for (let round = 0; round < 8; round += 1) {
      const namespace = `release-race-${round}`;
      await claim(redOwner, namespace, red);
      const [released, published] = await Promise.all([
        send(admin, 'DELETE', `/${namespace}`),
        app.publishModule(aModule({ namespace }), key),
      ]);
      expect(['409 201', '200 403', '200 201']).toContain(`${released.status} ${published.status}`);
      const expected = published.status === 201 ? [{ id: red }] : [];
      expect(await ownersOf(namespace)).toEqual(expected);
      const claims = await app.query('SELECT 1 FROM namespace_claims WHERE name = $1', [namespace]);
      expect(claims).toHaveLength(expected.length);
    }
  });

  it('leave a record with both organizations', async () => {
    await claim(redOwner, 'recorded', red);
    await send(admin, 'PUT', '/recorded', { organization_id: blue });
    await send(admin, 'DELETE', '/recorded');
    const rows = await app.query<{ organization_id: string; action: string }>(
      `SELECT organization_id, action FROM audit_entries WHERE metadata->>'namespace' = 'recorded'`,
    );
    const seen = rows.map((row) => `${row.action.split(' ')[0]} ${row.organization_id}`).toSorted();
    expect(seen).toEqual([`DELETE ${blue}`, `POST ${red}`, `PUT ${blue}`, `PUT ${red}`].toSorted());
  });
});

describe('the owner of a free namespace (REST contract 3.5)', () => {
  beforeAll(() => started({ TFR_MULTI_TENANCY_ENABLED: 'true' }));
  afterAll(() => app?.stop());

  const publish = (by: Browser, namespace: string, organization?: string) =>
    by.request('/api/v1/admin/modules/create', {
      method: 'POST',
      proof: 'handle',
      json: {
        namespace,
        name: 'x',
        system: 'aws',
        ...(organization !== undefined && { organization_id: organization }),
      },
    });
  const ownerAfter = async (by: Browser, namespace: string, organization?: string) => {
    const answer = await publish(by, namespace, organization);
    expect(answer.status).toBe(201);
    return answer.json()['organization_id'];
  };

  it('is what the request says, the namesake, the only one, the default one, in this order', async () => {
    const roles = { [red]: 'member', [blue]: 'member' };
    const both = await Browser.signIn(app, await addPerson(app, roles));
    const one = await Browser.signIn(app, await addPerson(app, { [red]: 'member', [blue]: 'viewer' }));
    const all = await Browser.signIn(app, await addPerson(app, { ...roles, [platform]: 'publisher' }));
    expect(await ownerAfter(both, 'first', blue)).toBe(blue);
    expect(await ownerAfter(both, 'Red')).toBe(red);
    expect(await ownerAfter(one, 'second')).toBe(red);
    expect(await ownerAfter(all, 'third')).toBe(platform);
    expect(await ownerAfter(admin, 'fourth')).toBe(platform);
    expectApiError(await publish(both, 'fifth'), 400, 'organization_id is required');
    const notYours = await publish(one, 'sixth', blue);
    expect(notYours.status).toBe(403);
    expect((await publish(one, 'blue')).body.equals(notYours.body)).toBe(true);
    expect((await publish(both, 'first', red)).json()['organization_id']).toBe(blue);
  });
});

describe('namespaces of a single-tenant registry', () => {
  beforeAll(() => started({}));
  afterAll(() => app?.stop());

  it('belong to the default organization, also when another is asked for', async () => {
    const refused = await claim(admin, 'teams', red);
    expectApiError(refused, 400, /^Without multi_tenancy\.enabled every namespace belongs to the default/);
    expect((await claim(admin, 'teams', platform)).json()).toMatchObject({ organization_id: platform });
    expect((await send(admin, 'PUT', '/teams', { organization_id: red })).status).toBe(400);
    expect((await claim(admin, 'red', platform)).status).toBe(201);
  });
});
