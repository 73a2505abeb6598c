import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES } from '../../../src/access/scope.js';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from './support/browser.js';

const ME = '/api/v1/auth/me';
/** What the web client may show to somebody who may do everything. */
const EVERYTHING = SCOPES.flatMap((scope) =>
  scope === 'organizations:write' ? [scope, 'organizations:manage'] : [scope],
);
const BUT_ADMIN = EVERYTHING.filter((scope) => scope !== 'admin');

interface Me {
  user: Record<string, unknown>;
  memberships: Record<string, unknown>[];
  allowed_scopes: string[];
  role_template: Record<string, unknown> | null;
}

describe.each([
  ['single-tenant', 'false'],
  ['multi-tenant', 'true'],
])('who is signed in, on a %s server', (_mode, multiTenancy) => {
  let app: TestApp;
  let defaultId: string;
  let acmeId: string;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: multiTenancy });
    defaultId = await defaultOrganizationOf(app);
    acmeId = await app.addOrganization('acme');
  });

  afterAll(() => app.stop());

  const meOf = async (roles: Record<string, string | null>): Promise<Me> => {
    const browser = await Browser.signIn(app, await addPerson(app, roles));
    const answer = await browser.request(ME);
    expect(answer.status).toBe(200);
    return answer.json<Me>();
  };

  it('has exactly the fields of the contract', async () => {
    const me = await meOf({ [acmeId]: 'devops' });
    expect(Object.keys(me).toSorted()).toEqual(['allowed_scopes', 'memberships', 'role_template', 'user']);
    expect(Object.keys(me.user).toSorted()).toEqual(['created_at', 'email', 'id', 'name', 'updated_at']);
    const template = { id: expect.any(String), name: 'devops', display_name: 'DevOps' };
    expect(me.role_template).toEqual(template);
    const scopes = [
      'modules:read',
      'modules:write',
      'providers:read',
      'providers:write',
      'organizations:read',
      'scm:read',
      'mirrors:read',
      'mirrors:manage',
      'scm:manage',
    ];
    expect(me.memberships).toEqual([
      {
        organization_id: acmeId,
        organization_name: 'acme',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        role_template: { ...template, scopes },
        role_template_id: template.id,
        role_template_name: 'devops',
        role_template_display_name: 'DevOps',
        role_template_scopes: scopes,
        role: 'member',
      },
    ]);
    expect(me.allowed_scopes.toSorted()).toEqual(scopes.toSorted());
  });

  it('lists what is implied, because the web client does not know that', async () => {
    const { allowed_scopes: scopes } = await meOf({ [acmeId]: 'user_manager' });
    for (const scope of ['users:read', 'organizations:read', 'organizations:write', 'organizations:manage']) {
      expect(scopes).toContain(scope);
    }
    expect(scopes).not.toContain('admin');
  });

  it('says admin to platform administrators only, and everything else to those of another organization', async () => {
    expect((await meOf({ [defaultId]: 'admin' })).allowed_scopes).toEqual(EVERYTHING);
    const both = await meOf({ [defaultId]: 'viewer', [acmeId]: 'owner' });
    expect(both.allowed_scopes).toEqual(BUT_ADMIN);
    expect(both.role_template).toMatchObject({ name: 'owner' });
    expect(both.memberships.map(({ organization_name: name }) => name)).toEqual(['acme', 'default']);
  });

  it('may be a member of nothing, or without a role', async () => {
    expect(await meOf({})).toMatchObject({ memberships: [], allowed_scopes: [], role_template: null });
    const me = await meOf({ [acmeId]: null });
    expect(me).toMatchObject({ allowed_scopes: [], role_template: null });
    expect(me.memberships[0]).toMatchObject({
      role_template: null,
      role_template_id: null,
      role_template_name: null,
      role_template_display_name: null,
      role_template_scopes: [],
      role: null,
    });
  });

  it('is the owner of an API key, with the scopes of the key', async () => {
    const userId = await addPerson(app, { [defaultId]: 'admin' });
    const keys = app.get(ApiKeys);
    const { key } = await keys.issue({
      name: 'ci',
      scopes: ['modules:write'],
      organizationId: defaultId,
      userId,
    });
    const me = (await app.request(ME, { key })).json<Me>();
    expect(me.user['id']).toBe(userId);
    expect(me.allowed_scopes).toEqual(['modules:read', 'modules:write']);
    expect(me.role_template).toMatchObject({ name: 'admin' });
    const nobody = await app.request(ME, { key: await app.issueKey('admin') });
    expect(nobody.status).toBe(404);
    expect(nobody.json()['error']).toBe('User not found');
  });

  it('needs a credential', async () => {
    const answer = await app.request(ME);
    expect(answer.status).toBe(401);
    expect(answer.json()['error']).toBe('Missing authorization header');
  });
});
