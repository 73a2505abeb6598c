import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aModule } from '../../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../../../../auth/support/browser.js';
import { aTime, anUuid, expectApiError } from '../../../support/expectations.js';

const ORGANIZATIONS = '/api/v1/organizations';
const ABSENT = '00000000-0000-4000-8000-000000000000';
const UNTRUE_ID = 'Invalid organization ID';

interface Listed {
  organizations: { id: string; name: string }[];
  pagination: { page: number; per_page: number; total: number };
}

let app: TestApp;
let platform: string;
let admin: Browser;

async function started(settings: Record<string, string>): Promise<void> {
  app = await TestApp.start(settings);
  platform = await defaultOrganizationOf(app);
  admin = await Browser.signIn(app, await addPerson(app, { [platform]: 'admin' }));
}

/** Somebody with these roles, signed in. */
const signIn = async (roles: Record<string, string | null>): Promise<Browser> =>
  Browser.signIn(app, await addPerson(app, roles));

const send = (by: Browser, method: string, path: string, json?: unknown) =>
  by.request(path, { method, json, proof: 'handle' });

async function created(by: Browser, name: string, more: object = {}): Promise<string> {
  const answer = await send(by, 'POST', ORGANIZATIONS, { name, display_name: name, ...more });
  expect(answer.status).toBe(201);
  return answer.json<{ organization: { id: string } }>().organization.id;
}

describe('organizations of a multi-tenant registry', () => {
  beforeAll(() => started({ TFR_MULTI_TENANCY_ENABLED: 'true' }));
  afterAll(() => app?.stop());

  it('are created with the shape of the contract, and the creator becomes owner', async () => {
    const answer = await send(admin, 'POST', ORGANIZATIONS, { name: 'Acme_Corp', display_name: 'Acme' });
    expect(answer.status).toBe(201);
    const { organization } = answer.json<{ organization: { id: string } }>();
    expect(organization).toEqual({
      id: anUuid,
      name: 'Acme_Corp',
      display_name: 'Acme',
      visibility: null,
      created_at: aTime,
      updated_at: aTime,
    });
    const detail = await admin.request(`${ORGANIZATIONS}/${organization.id}`);
    expect(detail.json()).toEqual({
      organization,
      members: [
        {
          organization_id: organization.id,
          user_id: admin.userId,
          role_template_id: anUuid,
          role_template_name: 'owner',
          role_template_display_name: 'Owner',
          role_template_scopes: ['admin'],
          role: 'owner',
          created_at: aTime,
          user_name: 'Ada',
          user_email: expect.stringContaining('@'),
        },
      ],
    });
  });

  it('have a name of their own in every spelling (C5)', async () => {
    await created(admin, 'one-name');
    for (const name of ['one-name', 'ONE-NAME', 'One_Name', 'one_name']) {
      const again = await send(admin, 'POST', ORGANIZATIONS, { name, display_name: 'x' });
      expectApiError(again, 409, 'Organization with this name already exists');
    }
  });

  it('cannot have the name of a namespace that somebody claimed', async () => {
    expect((await app.publishModule(aModule({ namespace: 'taken-by-modules' }))).status).toBe(201);
    const answer = await send(admin, 'POST', ORGANIZATIONS, { name: 'Taken_By-Modules', display_name: 'x' });
    expectApiError(answer, 409, 'Organization with this name already exists');
  });

  it('are refused with names and fields outside the rules', async () => {
    const long = 'a'.repeat(65);
    for (const name of ['', '-a', 'a_', 'a b', 'a/b', 'ü', '\u0430cme', long, 7, null, undefined]) {
      const answer = await send(admin, 'POST', ORGANIZATIONS, { name, display_name: 'x' });
      expect([name, answer.status]).toEqual([name, 400]);
    }
    await created(admin, 'a'.repeat(64));
    await created(admin, 'z');
    for (const body of [
      { name: 'b', display_name: '' },
      { name: 'b' },
      { name: 'b', display_name: 'x'.repeat(256) },
      { name: 'b', display_name: 'x', visibility: 'hidden' },
    ]) {
      expect((await send(admin, 'POST', ORGANIZATIONS, body)).status).toBe(400);
    }
    await created(admin, 'b', { display_name: 'x'.repeat(255), visibility: 'public' });
  });

  it('are not created by who lacks organizations:write in the default organization', async () => {
    const tenant = await created(admin, 'tenant');
    const people = [
      await signIn({ [tenant]: 'owner' }),
      await signIn({ [platform]: 'viewer' }),
      await signIn({}),
    ];
    for (const person of people) {
      const answer = await send(person, 'POST', ORGANIZATIONS, { name: 'mine', display_name: 'x' });
      expectApiError(answer, 403, 'Missing required scope', {
        details: 'Required scope: organizations:write',
      });
    }
    await created(await signIn({ [platform]: 'user_manager' }), 'by-user-manager');
    const nobody = await app.request(ORGANIZATIONS, {
      method: 'POST',
      json: { name: 'x', display_name: 'x' },
    });
    expect(nobody.status).toBe(401);
  });

  it('are listed by name in pages, only those that the caller may see (C7)', async () => {
    const ids = [
      await created(admin, 'list-B'),
      await created(admin, 'list-a'),
      await created(admin, 'list-c'),
    ];
    const viewer = await signIn({ [ids[0]!]: 'viewer', [ids[1]!]: 'member', [ids[2]!]: null });
    const seen = (await viewer.request(ORGANIZATIONS)).json<Listed>();
    expect(seen.organizations.map(({ name }) => name)).toEqual(['list-a', 'list-B']);
    expect(seen.pagination).toEqual({ page: 1, per_page: 20, total: 2 });
    const second = (await viewer.request(`${ORGANIZATIONS}?page=2&per_page=1`)).json<Listed>();
    expect(second.organizations.map(({ name }) => name)).toEqual(['list-B']);
    expect(second.pagination).toEqual({ page: 2, per_page: 1, total: 2 });
    const most = (await admin.request(`${ORGANIZATIONS}?per_page=1000&page=x`)).json<Listed>();
    expect(most.pagination).toMatchObject({ page: 1, per_page: 200 });
    expect(most.organizations.length).toBe(most.pagination.total);
    const names = most.organizations.map(({ name }) => name.toLowerCase());
    expect(names).toEqual(names.toSorted());
    expect((await (await signIn({})).request(ORGANIZATIONS)).status).toBe(403);
  });

  it('are found by a part of their names, taken literally', async () => {
    const percent = await created(admin, 'find-me', { display_name: '100%_Sure' });
    await created(admin, 'find-me-too', { display_name: '100 other' });
    const find = async (q: string, by = admin) =>
      (await by.request(`${ORGANIZATIONS}/search?q=${encodeURIComponent(q)}`)).json<Listed>();
    expect((await find('FIND-me')).pagination.total).toBe(2);
    expect((await find('0%_s')).organizations.map(({ id }) => id)).toEqual([percent]);
    expect((await find('find', await signIn({ [percent]: 'viewer' }))).pagination.total).toBe(1);
    for (const query of ['', '?q=', '?q=%20']) {
      const answer = await admin.request(`${ORGANIZATIONS}/search${query}`);
      expectApiError(answer, 400, 'Search query is required');
    }
  });

  it('change their display name and visibility, and nothing else (C9)', async () => {
    const id = await created(admin, 'changing');
    const path = `${ORGANIZATIONS}/${id}`;
    const change = async (json: object) => (await send(admin, 'PUT', path, json)).json()['organization'];
    expect(await change({ display_name: 'New', name: 'other', is_default: true, id: ABSENT })).toMatchObject({
      id,
      name: 'changing',
      display_name: 'New',
      visibility: null,
    });
    expect(await change({ visibility: 'private' })).toMatchObject({
      display_name: 'New',
      visibility: 'private',
    });
    expect(await change({})).toMatchObject({ visibility: 'private' });
    expect(await change({ visibility: null })).toMatchObject({ visibility: null });
    expect(await app.query('SELECT 1 FROM organizations WHERE is_default')).toHaveLength(1);
    for (const json of [
      { display_name: null },
      { display_name: '' },
      { visibility: '' },
      { visibility: 1 },
    ]) {
      expect((await send(admin, 'PUT', path, json)).status).toBe(400);
    }
  });

  it('are absent to strangers, and closed to members who hold too little (C1)', async () => {
    const id = await created(admin, 'guarded');
    const elsewhere = await created(admin, 'elsewhere');
    const stranger = await signIn({ [elsewhere]: 'owner' });
    const viewer = await signIn({ [id]: 'viewer' });
    const roleless = await signIn({ [id]: null });
    const requests: [method: string, path: string, body?: object][] = [
      ['GET', ''],
      ['GET', '/members'],
      ['PUT', '', { display_name: 'x' }],
      ['DELETE', ''],
      ['POST', '/members', { user_id: viewer.userId, role: 'viewer' }],
      ['PUT', `/members/${admin.userId}`, {}],
      ['DELETE', `/members/${admin.userId}`],
    ];
    for (const [method, path, body] of requests) {
      for (const person of [stranger, roleless]) {
        const here = await send(person, method, `${ORGANIZATIONS}/${id}${path}`, body);
        const there = await send(person, method, `${ORGANIZATIONS}/${ABSENT}${path}`, body);
        expectApiError(here, 404, 'Organization not found');
        expect(here.body.equals(there.body)).toBe(true);
      }
      const seen = await send(viewer, method, `${ORGANIZATIONS}/${id}${path}`, body);
      expect([method, path, seen.status]).toEqual([method, path, method === 'GET' ? 200 : 403]);
      expectApiError(await send(admin, method, `${ORGANIZATIONS}/not-an-id${path}`, body), 400, UNTRUE_ID);
      expect((await app.request(`${ORGANIZATIONS}/${id}${path}`, { method, json: body })).status).toBe(401);
    }
    expect((await app.query('SELECT 1 FROM memberships WHERE organization_id = $1', [id])).length).toBe(3);
  });
});

describe('deleting an organization', () => {
  beforeAll(() => started({ TFR_MULTI_TENANCY_ENABLED: 'true', TFR_AUTH_ANONYMOUS_READ: 'true' }));
  afterAll(() => app?.stop());

  const remove = (by: Browser, id: string) => send(by, 'DELETE', `${ORGANIZATIONS}/${id}`);

  it('is for owners and platform administrators, not for administrators (C4)', async () => {
    const id = await created(admin, 'deletable');
    const orgAdmin = await signIn({ [id]: 'admin' });
    const refused = await remove(orgAdmin, id);
    expectApiError(refused, 403, 'Only owners of the organization and platform administrators may delete it');
    const key = await app.issueKey('admin', id);
    expect((await app.request(`${ORGANIZATIONS}/${id}`, { method: 'DELETE', key })).status).toBe(403);
    const owner = await signIn({ [id]: 'owner' });
    const done = await remove(owner, id);
    expect([done.status, done.json()]).toEqual([200, { message: 'Organization deleted successfully' }]);
    expect((await remove(owner, id)).status).toBe(404);
    expect((await remove(admin, id)).status).toBe(404);
    const used = await app.request(ORGANIZATIONS, { key });
    expect(used.status).toBe(401);
  });

  it('never takes the default organization', async () => {
    expectApiError(await remove(admin, platform), 409, 'The default organization cannot be deleted');
  });

  it('waits until nothing is left in it, and leaves tombstones and claims (C6)', async () => {
    const id = await created(admin, 'publisher');
    const key = await app.issueKey('modules:write,providers:write', id);
    const module = aModule({ namespace: 'publisher' });
    expect((await app.publishModule(module, key)).status).toBe(201);
    expectApiError(await remove(admin, id), 409, /^The organization still owns modules/);
    const path = `/api/v1/modules/${module.namespace}/${module.name}/${module.system}`;
    expect((await app.request(path, { method: 'DELETE', key })).status).toBe(200);
    expect((await remove(admin, id)).status).toBe(200);
    expect(
      await app.query(`SELECT organization_id FROM namespace_claims WHERE folded_name = 'publisher'`),
    ).toEqual([{ organization_id: null }]);
    const versions = await app.query(
      `SELECT v.state FROM module_versions v JOIN registry_modules m ON m.id = v.module_id
       WHERE m.namespace = 'publisher' AND m.organization_id IS NULL`,
    );
    expect(versions).toEqual([{ state: 'deleted' }]);
    const again = await send(admin, 'POST', ORGANIZATIONS, { name: 'publisher', display_name: 'x' });
    expectApiError(again, 409, 'Organization with this name already exists');
  });

  it('happens before or after a publish that runs at the same time, never in between', async () => {
    for (let round = 0; round < 8; round += 1) {
      const id = await created(admin, `race-${round}`);
      const key = await app.issueKey('modules:write', id);
      const module = aModule({ namespace: `race-${round}` });
      const [deleted, published] = await Promise.all([remove(admin, id), app.publishModule(module, key)]);
      const outcome = [deleted.status, published.status].join(' ');
      expect(['409 201', '200 403', '200 401']).toContain(outcome);
      const rows = await app.query('SELECT 1 FROM registry_modules WHERE namespace = $1', [`race-${round}`]);
      expect(rows).toHaveLength(published.status === 201 ? 1 : 0);
    }
  });
});

describe('public sign-up', () => {
  afterAll(() => app?.stop());

  it('lets everybody who is signed in create an organization, but no key', async () => {
    await started({ TFR_MULTI_TENANCY_ENABLED: 'true', TFR_MULTI_TENANCY_ALLOW_PUBLIC_SIGNUP: 'true' });
    const newcomer = await signIn({});
    const id = await created(newcomer, 'newcomers');
    const members = (await newcomer.request(`${ORGANIZATIONS}/${id}/members`)).json<{
      members: { user_id: string; role: string }[];
    }>().members;
    expect(members).toMatchObject([{ user_id: newcomer.userId, role: 'owner' }]);
    expect((await newcomer.request(`${ORGANIZATIONS}/${platform}`)).status).toBe(404);
    const key = await app.issueKey('admin', id);
    const json = { name: 'by-key', display_name: 'x' };
    expect((await app.request(ORGANIZATIONS, { method: 'POST', json, key })).status).toBe(403);
  });
});

describe('organizations of a single-tenant registry', () => {
  beforeAll(() => started({ TFR_MULTI_TENANCY_ALLOW_PUBLIC_SIGNUP: 'true' }));
  afterAll(() => app?.stop());

  it('group people, and their owners have no power over what is shared', async () => {
    const id = await created(admin, 'team');
    const owner = await signIn({ [id]: 'owner' });
    expect((await owner.request(`${ORGANIZATIONS}/${id}`)).status).toBe(200);
    expect((await owner.request(`${ORGANIZATIONS}/${platform}`)).status).toBe(404);
    expect((await send(owner, 'POST', ORGANIZATIONS, { name: 'x', display_name: 'x' })).status).toBe(403);
    expect((await send(owner, 'DELETE', `${ORGANIZATIONS}/${id}`)).status).toBe(200);
  });
});
