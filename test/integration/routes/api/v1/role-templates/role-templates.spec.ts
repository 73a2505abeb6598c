import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../../../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../../../../auth/support/browser.js';
import { aTime, anUuid, expectApiError } from '../../../support/expectations.js';

const TEMPLATES = '/api/v1/admin/role-templates';
const ABSENT = '00000000-0000-4000-8000-000000000000';

interface Template {
  readonly id: string;
  readonly name: string;
  readonly scopes: string[];
  readonly is_system: boolean;
}

let app: TestApp;
let platform: string;
let admin: Browser;
let nobody: Browser;
let count = 0;

beforeAll(async () => {
  app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
  platform = await defaultOrganizationOf(app);
  admin = await Browser.signIn(app, await addPerson(app, { [platform]: 'admin' }));
  nobody = await Browser.signIn(app, await addPerson(app));
});
afterAll(() => app?.stop());

const send = (by: Browser, method: string, path: string, json?: unknown) =>
  by.request(`${TEMPLATES}${path}`, { method, json, proof: 'handle' });
const nameOf = (prefix: string) => `${prefix}_${(count += 1)}`;

async function created(scopes: string[], more: object = {}): Promise<Template> {
  const answer = await send(admin, 'POST', '', {
    name: nameOf('custom'),
    display_name: 'Custom',
    scopes,
    ...more,
  });
  expect(answer.status).toBe(201);
  return answer.json<Template>();
}

async function memberWith(template: Template, organization: string): Promise<string> {
  const user = await addPerson(app, { [organization]: null });
  await app.query('UPDATE memberships SET role_template_id = $1 WHERE user_id = $2', [template.id, user]);
  return user;
}

describe('role templates', () => {
  it('are the eight of the product, and then those that were added, by name', async () => {
    const extra = [
      await created(['modules:read'], { name: 'zz' }),
      await created(['modules:read'], { name: 'aa' }),
    ];
    const list = (await nobody.request(TEMPLATES)).json<Template[]>();
    expect(list.filter((one) => one.is_system).map(({ name, scopes }) => [name, scopes.length])).toEqual([
      ['admin', 1],
      ['auditor', 6],
      ['devops', 9],
      ['member', 7],
      ['owner', 1],
      ['publisher', 6],
      ['user_manager', 7],
      ['viewer', 5],
    ]);
    const own = list.slice(8).map(({ name }) => name);
    expect(own).toEqual(own.toSorted());
    expect(own).toEqual(expect.arrayContaining(['aa', 'zz']));
    expect((await nobody.request(`${TEMPLATES}/${extra[0]!.id}`)).json()).toEqual(extra[0]);
    expect((await app.request(TEMPLATES)).status).toBe(401);
    expectApiError(await nobody.request(`${TEMPLATES}/${ABSENT}`), 404, 'Role template not found');
    expectApiError(await nobody.request(`${TEMPLATES}/x`), 400, 'Invalid role template ID');
  });

  it('are added with checked scopes, each once; organizations:manage is organizations:write', async () => {
    const name = nameOf('release');
    const scopes = ['modules:write', 'organizations:manage', 'organizations:write', 'modules:write'];
    const body = { name, display_name: 'Release', description: 'Who releases', scopes, is_system: true };
    const answer = await send(admin, 'POST', '', body);
    expect([answer.status, answer.json()]).toEqual([
      201,
      {
        id: anUuid,
        name,
        display_name: 'Release',
        description: 'Who releases',
        scopes: ['modules:write', 'organizations:write'],
        is_system: false,
        created_at: aTime,
        updated_at: aTime,
      },
    ]);
    expectApiError(await send(admin, 'POST', '', body), 409, 'Role template with this name already exists');
    const system = { name: 'owner', display_name: 'x', scopes: ['modules:read'] };
    expect((await send(admin, 'POST', '', system)).status).toBe(409);
    const unknown = { ...body, name: nameOf('x'), scopes: ['modules:read', 'modules:own'] };
    expectApiError(await send(admin, 'POST', '', unknown), 400, 'Invalid scopes: invalid scope: modules:own');
    expect(await created(['modules:read'])).not.toHaveProperty('description');
  });

  it('are refused outside the rules', async () => {
    const good = { name: 'good', display_name: 'x', scopes: ['modules:read'] };
    for (const change of [
      { name: 'Upper' },
      { name: '' },
      { name: 'a b' },
      { name: 'x'.repeat(65) },
      { name: 7 },
      { display_name: '' },
      { display_name: 'x'.repeat(256) },
      { description: 'x'.repeat(2001) },
      { scopes: [] },
      { scopes: 'modules:read' },
      { scopes: [7] },
      { scopes: null },
    ]) {
      const answer = await send(admin, 'POST', '', { ...good, ...change });
      expect([change, answer.status]).toEqual([change, 400]);
    }
    await created(['modules:read'], { name: 'y'.repeat(64), display_name: 'x'.repeat(255) });
  });

  it('are the business of platform administrators alone (C12)', async () => {
    const template = await created(['modules:read']);
    const tenant = await app.addOrganization('tenant');
    const people = [
      nobody,
      await Browser.signIn(app, await addPerson(app, { [tenant]: 'owner' })),
      await Browser.signIn(app, await addPerson(app, { [platform]: 'user_manager' })),
    ];
    for (const person of people) {
      const body = { name: nameOf('mine'), display_name: 'x', scopes: ['admin'] };
      const answers = [
        await send(person, 'POST', '', body),
        await send(person, 'PUT', `/${template.id}`, { scopes: ['admin'] }),
        await send(person, 'DELETE', `/${template.id}`),
      ];
      for (const answer of answers) {
        expectApiError(answer, 403, 'Missing required scope', { details: 'Required scope: admin' });
      }
    }
    expect((await nobody.request(`${TEMPLATES}/${template.id}`)).json()).toEqual(template);
  });

  it('change, but not their names', async () => {
    const template = await created(['modules:read'], { description: 'old' });
    const put = (json: object) => send(admin, 'PUT', `/${template.id}`, json);
    expect((await put({ name: template.name, scopes: ['scm:read'] })).json()).toMatchObject({
      scopes: ['scm:read'],
      description: 'old',
    });
    expect((await put({ display_name: 'New', description: '' })).json()).not.toHaveProperty('description');
    expect((await put({})).json()).toMatchObject({ display_name: 'New', scopes: ['scm:read'] });
    expect((await put({ name: 'another' })).status).toBe(400);
    expect((await put({ scopes: [] })).status).toBe(400);
    expect((await put({ scopes: ['x'] })).status).toBe(400);
    expectApiError(await send(admin, 'PUT', `/${ABSENT}`, {}), 404, 'Role template not found');
  });

  it('of the product stay as they are', async () => {
    for (const { id, is_system: isSystem } of (await admin.request(TEMPLATES)).json<Template[]>()) {
      if (!isSystem) continue;
      const put = await send(admin, 'PUT', `/${id}`, { scopes: ['admin'] });
      expectApiError(put, 403, 'Cannot modify system role templates');
      expectApiError(await send(admin, 'DELETE', `/${id}`), 403, 'Cannot delete system role templates');
    }
  });

  it('are deleted when nobody has them any more', async () => {
    const template = await created(['modules:read']);
    const user = await memberWith(template, platform);
    const refused = await send(admin, 'DELETE', `/${template.id}`);
    expectApiError(refused, 409, /^The role template is still assigned/);
    await app.query('DELETE FROM memberships WHERE user_id = $1', [user]);
    const deleted = await send(admin, 'DELETE', `/${template.id}`);
    expect([deleted.status, deleted.json()]).toEqual([
      200,
      { message: 'Role template deleted successfully' },
    ]);
    expect((await send(admin, 'DELETE', `/${template.id}`)).status).toBe(404);
  });

  it('change at once what those may do who have them', async () => {
    const template = await created(['organizations:read']);
    const tenant = await app.addOrganization('changing-rights');
    const member = await Browser.signIn(app, await memberWith(template, tenant));
    const see = async () => (await member.request(`/api/v1/organizations/${tenant}`)).status;
    expect(await see()).toBe(200);
    await send(admin, 'PUT', `/${template.id}`, { scopes: ['modules:read'] });
    expect(await see()).toBe(404);
  });

  it('do not lose admin while they keep an organization administered (C4)', async () => {
    const template = await created(['admin']);
    const tenant = await app.addOrganization('led-by-template');
    await memberWith(template, tenant);
    const refused = await send(admin, 'PUT', `/${template.id}`, { scopes: ['modules:write'] });
    expectApiError(refused, 409, /^This is the last administrator of the organization led-by-template/);
    expect((await nobody.request(`${TEMPLATES}/${template.id}`)).json()).toEqual(template);
    await addPerson(app, { [tenant]: 'owner' });
    expect((await send(admin, 'PUT', `/${template.id}`, { scopes: ['modules:write'] })).status).toBe(200);
  });

  it('survive a change that races with the demotion of everybody else (C4)', async () => {
    for (let round = 0; round < 10; round += 1) {
      const template = await created(['admin']);
      const tenant = await app.addOrganization(`template-race-${round}`);
      const other = await addPerson(app, { [tenant]: 'admin' });
      await memberWith(template, tenant);
      const members = `/api/v1/organizations/${tenant}/members/${other}`;
      const [changed, demoted] = await Promise.all([
        send(admin, 'PUT', `/${template.id}`, { scopes: ['modules:read'] }),
        admin.request(members, { method: 'PUT', json: { role: 'viewer' }, proof: 'handle' }),
      ]);
      expect([changed.status, demoted.status].toSorted()).toEqual([200, 409]);
    }
  });
});
