import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../../../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../../../../auth/support/browser.js';
import { aTime, anUuid, expectApiError } from '../../../support/expectations.js';

const ABSENT = '00000000-0000-4000-8000-000000000000';
const OWNERS_ONLY =
  'Only owners of the organization and platform administrators appoint, change and remove owners';

let app: TestApp;
let platform: string;
let admin: Browser;
let count = 0;

beforeAll(async () => {
  app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
  platform = await defaultOrganizationOf(app);
  admin = await Browser.signIn(app, await addPerson(app, { [platform]: 'admin' }));
});
afterAll(() => app?.stop());

const signIn = async (roles: Record<string, string | null> = {}): Promise<Browser> =>
  Browser.signIn(app, await addPerson(app, roles));
const newOrganization = () => app.addOrganization(`organization-${(count += 1)}`);
const send = (by: Browser, method: string, path: string, json?: unknown) =>
  by.request(`/api/v1/organizations/${path}`, { method, json, proof: 'handle' });
const roleOf = async (organization: string, userId: string) => {
  const [row] = await app.query<{ name: string | null }>(
    `SELECT r.name FROM memberships m LEFT JOIN role_templates r ON r.id = m.role_template_id
     WHERE m.organization_id = $1 AND m.user_id = $2`,
    [organization, userId],
  );
  return row && (row.name ?? 'none');
};
const templateId = async (name: string) =>
  (await app.query<{ id: string }>('SELECT id FROM role_templates WHERE name = $1', [name]))[0]!.id;

describe('members of an organization', () => {
  it('are added by the name or the id of a role, or without one', async () => {
    const id = await newOrganization();
    const owner = await signIn({ [id]: 'owner' });
    const [first, second, third] = [await addPerson(app), await addPerson(app), await addPerson(app)];
    const added = await send(owner, 'POST', `${id}/members`, { user_id: first, role: 'member' });
    expect(added.status).toBe(201);
    expect(added.json()).toEqual({
      member: {
        organization_id: id,
        user_id: first,
        role_template_id: anUuid,
        role_template_name: 'member',
        role_template_display_name: 'Member',
        role_template_scopes: expect.arrayContaining(['modules:write', 'mirrors:read']),
        role: 'member',
        created_at: aTime,
        user_name: 'Ada',
        user_email: expect.stringContaining('@'),
      },
    });
    const byId = { user_id: second.toUpperCase(), role_template_id: await templateId('auditor') };
    expect((await send(owner, 'POST', `${id}/members`, byId)).json()['member']).toMatchObject({
      user_id: second,
      role_template_name: 'auditor',
      role: 'viewer',
    });
    expect((await send(owner, 'POST', `${id}/members`, { user_id: third })).json()['member']).toMatchObject({
      role_template_id: null,
      role_template_name: null,
      role_template_display_name: null,
      role_template_scopes: [],
      role: null,
    });
    const listed = (await owner.request(`/api/v1/organizations/${id}/members`)).json<{ members: object[] }>();
    expect(listed.members).toHaveLength(4);
    const again = await send(owner, 'POST', `${id}/members`, { user_id: first, role: 'viewer' });
    expectApiError(again, 409, 'User is already a member of this organization');
  });

  it('have the derived role of REST contract 3.3', async () => {
    const id = await newOrganization();
    const roles: Record<string, string> = {
      owner: 'owner',
      admin: 'admin',
      member: 'member',
      publisher: 'member',
      devops: 'member',
      viewer: 'viewer',
      auditor: 'viewer',
      user_manager: 'custom',
    };
    for (const [name, role] of Object.entries(roles)) {
      const json = { user_id: await addPerson(app), role_template_id: await templateId(name) };
      const { member } = (await send(admin, 'POST', `${id}/members`, json)).json<{
        member: { role: string };
      }>();
      expect([name, member.role]).toEqual([name, role]);
    }
  });

  it('are refused when the request names nobody, no such role, or both ways', async () => {
    const id = await newOrganization();
    const user = await addPerson(app);
    const post = (json: object) => send(admin, 'POST', `${id}/members`, json);
    for (const json of [
      {},
      { user_id: 'x' },
      { user_id: user, role: 'custom' },
      { user_id: user, role: 'king' },
      { user_id: user, role_template_id: 'x' },
      { user_id: user, role: 'viewer', role_template_id: await templateId('viewer') },
    ]) {
      expect([json, (await post(json)).status]).toEqual([json, 400]);
    }
    expectApiError(await post({ user_id: ABSENT }), 404, 'User not found');
    expectApiError(await post({ user_id: user, role_template_id: ABSENT }), 404, 'Role template not found');
    const absent = await send(admin, 'POST', `${ABSENT}/members`, { user_id: user });
    expectApiError(absent, 404, 'Organization not found');
    expect(await roleOf(id, user)).toBeUndefined();
  });

  it('change their role, and lose it with an empty body', async () => {
    const id = await newOrganization();
    const user = await addPerson(app, { [id]: 'viewer' });
    const put = (json: object) => send(admin, 'PUT', `${id}/members/${user}`, json);
    expect((await put({ role: 'admin' })).json()['member']).toMatchObject({ role: 'admin' });
    await send(admin, 'POST', `${id}/members`, { user_id: await addPerson(app), role: 'admin' });
    expect((await put({})).json()['member']).toMatchObject({ role: null, role_template_id: null });
    expect((await put({ role_template_id: await templateId('devops') })).json()['member']).toMatchObject({
      role: 'member',
    });
    for (const json of [{ role_template_id: null }, { role_template_id: '' }]) {
      await put({ role: 'viewer' });
      expect((await put(json)).json()['member']).toMatchObject({ role: null });
    }
    const other = await send(admin, 'PUT', `${id}/members/${await addPerson(app)}`, {});
    expectApiError(other, 404, 'Member not found in organization');
    expectApiError(await send(admin, 'PUT', `${id}/members/x`, {}), 400, 'Invalid user ID');
  });

  it('are removed, and are refused in the same second by every process', async () => {
    const replica = await app.another();
    try {
      const id = await newOrganization();
      const member = await signIn({ [id]: 'viewer' });
      const path = `/api/v1/organizations/${id}`;
      expect((await member.request(path, { at: replica })).status).toBe(200);
      const removed = await send(admin, 'DELETE', `${id}/members/${member.userId}`);
      expect([removed.status, removed.json()]).toEqual([200, { message: 'Member removed successfully' }]);
      expect((await member.request(path)).status).toBe(404);
      await expect
        .poll(async () => (await member.request(path, { at: replica })).status, { timeout: 5_000 })
        .toBe(404);
      const again = await send(admin, 'DELETE', `${id}/members/${member.userId}`);
      expectApiError(again, 404, 'Member not found in organization');
    } finally {
      await replica.stop();
    }
  });

  it('leave by themselves when they are signed in; a key of theirs cannot', async () => {
    const id = await newOrganization();
    const member = await signIn({ [id]: null });
    const left = await send(member, 'DELETE', `${id}/members/${member.userId}`);
    expect(left.status).toBe(200);
    const again = await send(member, 'DELETE', `${id}/members/${member.userId}`);
    const absent = await send(member, 'DELETE', `${ABSENT}/members/${member.userId}`);
    expectApiError(again, 404, 'Organization not found');
    expect(again.body.equals(absent.body)).toBe(true);
  });
});

describe('handing out roles (C4)', () => {
  it('goes no further than what the caller holds, and says what that is', async () => {
    const id = await newOrganization();
    const manager = await signIn({ [id]: 'user_manager' });
    const user = await addPerson(app);
    for (const role of ['admin', 'member', 'viewer']) {
      const answer = await send(manager, 'POST', `${id}/members`, { user_id: user, role });
      expectApiError(answer, 403, /^Scope '.+' exceeds your role permissions for this organization$/, {
        allowed_scopes: expect.arrayContaining(['users:write', 'organizations:write']) as string[],
        role_template: 'user_manager',
      });
    }
    const own = { user_id: user, role_template_id: await templateId('user_manager') };
    expect((await send(manager, 'POST', `${id}/members`, own)).status).toBe(201);
    const promoted = await send(manager, 'PUT', `${id}/members/${manager.userId}`, { role: 'admin' });
    expect(promoted.status).toBe(403);
    expect(await roleOf(id, manager.userId)).toBe('user_manager');
  });

  it('lets a key give what the key holds, not what its owner holds', async () => {
    const id = await newOrganization();
    const key = await app.issueKey('organizations:write,modules:read', id);
    const user = await addPerson(app);
    const answer = await app.request(`/api/v1/organizations/${id}/members`, {
      method: 'POST',
      key,
      json: { user_id: user, role: 'viewer' },
    });
    expectApiError(
      answer,
      403,
      "Scope 'providers:read' exceeds your role permissions for this organization",
      {
        allowed_scopes: expect.toSatisfy(
          (scopes: string[]) =>
            scopes.toSorted().join() === 'modules:read,organizations:read,organizations:write',
        ) as string[],
        role_template: '',
      },
    );
  });

  it('leaves owners to owners and platform administrators', async () => {
    const id = await newOrganization();
    const owner = await signIn({ [id]: 'owner' });
    const orgAdmin = await signIn({ [id]: 'admin' });
    const other = await addPerson(app, { [id]: 'owner' });
    const outsider = await addPerson(app);
    const attempts: [string, string, object?][] = [
      ['POST', `${id}/members`, { user_id: outsider, role: 'owner' }],
      ['PUT', `${id}/members/${orgAdmin.userId}`, { role: 'owner' }],
      ['PUT', `${id}/members/${owner.userId}`, { role: 'member' }],
      ['PUT', `${id}/members/${owner.userId}`, {}],
      ['DELETE', `${id}/members/${owner.userId}`],
    ];
    const before = await app.query('SELECT * FROM memberships WHERE organization_id = $1 ORDER BY 2', [id]);
    for (const key of [undefined, await app.issueKey('admin', id)]) {
      for (const [method, path, json] of attempts) {
        const answer =
          key === undefined
            ? await send(orgAdmin, method, path, json)
            : await app.request(`/api/v1/organizations/${path}`, { method, json, key });
        expectApiError(answer, 403, OWNERS_ONLY, {
          allowed_scopes: expect.arrayContaining([expect.any(String)]) as string[],
          role_template: key === undefined ? 'admin' : '',
        });
      }
    }
    expect(await app.query('SELECT * FROM memberships WHERE organization_id = $1 ORDER BY 2', [id])).toEqual(
      before,
    );
    expect((await send(owner, 'PUT', `${id}/members/${other}`, { role: 'admin' })).status).toBe(200);
    expect((await send(owner, 'POST', `${id}/members`, { user_id: outsider, role: 'owner' })).status).toBe(
      201,
    );
    expect((await send(admin, 'DELETE', `${id}/members/${outsider}`)).status).toBe(200);
    expect((await send(orgAdmin, 'PUT', `${id}/members/${other}`, { role: 'viewer' })).status).toBe(200);
  });

  it('makes nobody a platform administrator but by one', async () => {
    const manager = await signIn({ [platform]: 'user_manager' });
    const tenantOwner = await signIn({ [await newOrganization()]: 'owner' });
    for (const person of [manager, tenantOwner]) {
      const json = { user_id: person.userId, role: 'admin' };
      const put = await send(person, 'PUT', `${platform}/members/${person.userId}`, json);
      expect([403, 404]).toContain(put.status);
      const post = await send(person, 'POST', `${platform}/members`, json);
      expect([403, 404]).toContain(post.status);
      expect(['user_manager', undefined]).toContain(await roleOf(platform, person.userId));
    }
  });
});

describe('the last ones who lead', () => {
  const refusal = /^This is the last (owner|administrator) of the organization .+ first$/;

  it('cannot be removed, demoted or leave', async () => {
    const id = await newOrganization();
    const owner = await signIn({ [id]: 'owner' });
    await addPerson(app, { [id]: 'admin' });
    const path = `${id}/members/${owner.userId}`;
    expectApiError(await send(owner, 'DELETE', path), 409, refusal);
    expectApiError(await send(owner, 'PUT', path, { role: 'admin' }), 409, refusal);
    expectApiError(await send(admin, 'PUT', path, {}), 409, refusal);
    const alone = await newOrganization();
    const only = await signIn({ [alone]: 'admin' });
    expectApiError(await send(only, 'DELETE', `${alone}/members/${only.userId}`), 409, refusal);
    expectApiError(
      await send(only, 'PUT', `${alone}/members/${only.userId}`, { role: 'member' }),
      409,
      refusal,
    );
    expect([await roleOf(id, owner.userId), await roleOf(alone, only.userId)]).toEqual(['owner', 'admin']);
  });

  it('include the last platform administrator', async () => {
    const path = `${platform}/members/${admin.userId}`;
    for (const [method, json] of [['DELETE'], ['PUT', {}], ['PUT', { role: 'viewer' }]] as const) {
      expectApiError(await send(admin, method, path, json), 409, /^This is the last platform administrator/);
    }
  });

  it('are counted without those who are disabled', async () => {
    const id = await newOrganization();
    const owner = await signIn({ [id]: 'owner' });
    const disabled = await addPerson(app, { [id]: 'owner' });
    await app.query('UPDATE users SET is_active = false WHERE id = $1', [disabled]);
    expectApiError(await send(owner, 'DELETE', `${id}/members/${owner.userId}`), 409, refusal);
    expect((await send(owner, 'DELETE', `${id}/members/${disabled}`)).status).toBe(200);
  });
});

describe('the record of changes to members', () => {
  it('names the role before and after', async () => {
    const id = await newOrganization();
    const user = await addPerson(app);
    await send(admin, 'POST', `${id}/members`, { user_id: user, role: 'viewer' });
    await send(admin, 'PUT', `${id}/members/${user}`, { role: 'member' });
    await send(admin, 'DELETE', `${id}/members/${user}`);
    const rows = await app.query<{ metadata: Record<string, unknown> }>(
      `SELECT metadata FROM audit_entries WHERE organization_id = $1 AND resource_type = 'organization'
       ORDER BY created_at, id`,
      [id],
    );
    const roles = rows.map(({ metadata }) => [
      (metadata['before'] as { role_template: string } | undefined)?.role_template,
      (metadata['after'] as { role_template: string } | undefined)?.role_template,
      metadata['member'],
    ]);
    expect(roles).toEqual(
      expect.arrayContaining([
        [undefined, 'viewer', user],
        ['viewer', 'member', user],
        ['member', undefined, user],
      ]),
    );
    expect(roles).toHaveLength(3);
  });
});
