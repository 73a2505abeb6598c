import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../../../../../src/auth/api-keys.service.js';
import { UsersAdministration } from '../../../../../../src/orgs/users-administration.service.js';
import { aModule, moduleApiPath } from '../../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { expectApiError } from '../../../support/expectations.js';
import { People, type Signed } from '../../../support/people.js';

const PLATFORM = /last platform administrator/;

describe('deleting users', () => {
  let app: TestApp;
  let people: People;
  let home: string;
  let root: Signed;
  let rootId: string;

  beforeAll(async () => {
    app = await TestApp.start();
    people = new People(app);
    home = await people.defaultOrganization();
    rootId = await people.add({ [home]: 'admin' });
    root = await people.signIn(rootId);
  });

  afterAll(() => app.stop());

  const remove = (caller: Signed, id: string) => caller(`/api/v1/users/${id}`, { method: 'DELETE' });
  const exists = async (id: string) =>
    (await app.query('SELECT 1 FROM users WHERE id = $1', [id])).length === 1;

  it('ends sessions, keys and memberships, and says so', async () => {
    const id = await people.add({ [home]: 'publisher' });
    const own = await people.signIn(id);
    const { key } = await app.get(ApiKeys).issue({
      name: 'k',
      scopes: ['modules:read'],
      organizationId: home,
      userId: id,
    });
    const me = () => own('/api/v1/users/me/memberships');
    const withKey = () => app.request('/api/v1/users/me/memberships', { key });
    expect([(await me()).status, (await withKey()).status]).toEqual([200, 200]);
    const answer = await remove(root, id);
    expect({ status: answer.status, body: answer.json() }).toEqual({
      status: 200,
      body: { message: 'User deleted successfully' },
    });
    expect([(await me()).status, (await withKey()).status]).toEqual([401, 401]);
    const rows = await app.query(
      `SELECT 1 FROM memberships WHERE user_id = $1 UNION ALL SELECT 1 FROM api_keys WHERE user_id = $1
       UNION ALL SELECT 1 FROM sessions WHERE user_id = $1`,
      [id],
    );
    expect(rows).toEqual([]);
    expectApiError(await remove(root, id), 404, 'User not found');
  });

  it('leaves what they published, with their name', async () => {
    const id = await people.add({ [home]: 'publisher' }, { name: 'Grace Hopper' });
    const { key } = await app.get(ApiKeys).issue({
      name: 'k',
      scopes: ['modules:write'],
      organizationId: home,
      userId: id,
    });
    const module = aModule();
    expect((await app.publishModule(module, key)).status).toBe(201);
    const before = (await app.request(moduleApiPath(module))).json();
    expect(before).toMatchObject({ created_by: id, created_by_name: 'Grace Hopper' });
    expect((await remove(root, id)).status).toBe(200);
    const after = (await app.request(moduleApiPath(module))).json<{ versions: object[] }>();
    expect(after).toMatchObject({ created_by: null, created_by_name: 'Grace Hopper' });
    expect(after.versions[0]).toMatchObject({ published_by_name: 'Grace Hopper' });
    expect(after.versions[0]).not.toHaveProperty('published_by');
  });

  it('keeps a platform administrator (C4)', async () => {
    expectApiError(await remove(root, rootId), 409, PLATFORM);
    const disabled = await people.add({ [home]: 'admin' });
    await app.get(UsersAdministration).setActive(disabled, false);
    expectApiError(await remove(root, rootId), 409, PLATFORM);
    expect((await remove(root, disabled)).status).toBe(200);
    await expect(app.get(UsersAdministration).setActive(rootId, false)).rejects.toThrow(PLATFORM);
  });

  it('keeps an administrator and an owner in every organization', async () => {
    const team = await app.addOrganization('team');
    const admin = await people.add({ [team]: 'admin' });
    expectApiError(await remove(root, admin), 409, /last administrator of the organization team/);
    const owner = await people.add({ [team]: 'owner' });
    expectApiError(await remove(root, owner), 409, /last owner of the organization team/);
    expect((await remove(root, admin)).status).toBe(200);
    const second = await people.add({ [team]: 'owner' });
    expect((await remove(root, owner)).status).toBe(200);
    expectApiError(await remove(root, second), 409, /organization team/);
  });

  it('leaves exactly one of the last two administrators when both are deleted at once, on two replicas', async () => {
    const replica = await app.another();
    try {
      for (let round = 0; round < 10; round += 1) {
        const team = await app.addOrganization(`race-${round}`);
        const pair = [await people.add({ [team]: 'admin' }), await people.add({ [team]: 'admin' })];
        const callers = [root, await people.signIn(rootId, replica)];
        const answers = await Promise.all(pair.map((id, index) => remove(callers[index]!, id)));
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
        expect((await Promise.all(pair.map(exists))).sort()).toEqual([false, true]);
      }
    } finally {
      await replica.stop();
    }
  });

  it('leaves exactly one of the last two platform administrators who delete each other (C4)', async () => {
    for (let round = 0; round < 5; round += 1) {
      const other = await people.add({ [home]: 'admin' });
      const signed = await people.signIn(other);
      const answers = await Promise.all([remove(root, other), remove(signed, rootId)]);
      const survivors = await app.query<{ id: string }>(
        `SELECT user_id AS id FROM memberships m JOIN role_templates r ON r.id = m.role_template_id
         WHERE m.organization_id = $1 AND r.name = 'admin'`,
        [home],
      );
      expect(survivors).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      rootId = survivors[0]!.id;
      root = await people.signIn(rootId);
    }
  });
});
