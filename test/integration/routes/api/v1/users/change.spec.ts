import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../../../../../src/auth/api-keys.service.js';
import { TestApp } from '../../../../../support/test-app.js';
import { anUuid, aTime, expectApiError } from '../../../support/expectations.js';
import { People, type Signed } from '../../../support/people.js';

const anAddress = () => `${randomUUID()}@example.com`;

describe('creating and changing users', () => {
  let app: TestApp;
  let people: People;
  let home: string;
  let red: string;
  let blue: string;
  let root: Signed;
  let manager: Signed;

  beforeAll(async () => {
    // With one tenant, roles of any organization count for what all share: only who holds that outranks them.
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true', TFR_AUTH_ANONYMOUS_READ: 'true' });
    people = new People(app);
    home = await people.defaultOrganization();
    red = await app.addOrganization('red');
    blue = await app.addOrganization('blue');
    root = await people.signIn(await people.add({ [home]: 'admin' }));
    manager = await people.signIn(await people.add({ [red]: 'user_manager' }));
  });

  afterAll(() => app.stop());

  const create = (caller: Signed, json: object) => caller('/api/v1/users', { method: 'POST', json });
  const change = (caller: Signed, id: string, json: object) =>
    caller(`/api/v1/users/${id}`, { method: 'PUT', json });

  it('creates a user with a trimmed, lower-case address', async () => {
    const address = anAddress();
    const answer = await create(manager, { email: `  ${address.toUpperCase()} `, name: ' Grace Hopper ' });
    expect(answer.status).toBe(201);
    expect(answer.json()).toEqual({
      user: {
        id: anUuid,
        email: address,
        name: 'Grace Hopper',
        oidc_sub: null,
        created_at: aTime,
        updated_at: aTime,
      },
    });
  });

  it('keeps addresses unique without case', async () => {
    const address = anAddress();
    expect((await create(root, { email: address, name: 'Ada' })).status).toBe(201);
    expectApiError(
      await create(root, { email: address.toUpperCase(), name: 'Eve' }),
      409,
      'User with this email already exists',
    );
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => create(root, { email: `Twin@${index % 2}.test`, name: 'A' })),
    );
    expect(results.map(({ status }) => status).sort()).toEqual([201, 201, ...Array<number>(6).fill(409)]);
  });

  it('does not take a letter that becomes ASCII in lower case for the ASCII letter (B13)', async () => {
    const address = `k${randomUUID()}@example.com`;
    expect((await create(root, { email: address, name: 'Ada' })).status).toBe(201);
    const kelvin = `\u212a${address.slice(1)}`;
    const answer = await create(root, { email: kelvin, name: 'Eve' });
    expect([201, 409]).toContain(answer.status);
    if (answer.status === 201) expect(answer.json<{ user: { email: string } }>().user.email).toBe(kelvin);
  });

  const refused: [string, object][] = [
    ['no address', { name: 'Ada' }],
    ['an empty address', { email: '', name: 'Ada' }],
    ['an address without @', { email: 'ada', name: 'Ada' }],
    ['an address with a space', { email: 'a da@example.com', name: 'Ada' }],
    ['an address with a line break', { email: 'ada@example.com\nbcc:x', name: 'Ada' }],
    ['an address that is too long', { email: `${'a'.repeat(64)}@${'b'.repeat(190)}`, name: 'Ada' }],
    ['no name', { email: 'ada@example.com' }],
    ['an empty name', { email: 'ada@example.com', name: ' ' }],
    ['a name that is too long', { email: 'ada@example.com', name: 'a'.repeat(256) }],
    ['a name that is no text', { email: 'ada@example.com', name: 7 }],
  ];
  it.each(refused)('refuses %s', async (_, json) => {
    const answer = await create(root, json);
    expect(answer.status).toBe(400);
    expect(answer.json()['error']).toMatch(/./);
  });

  it('accepts the longest name and the longest address (boundary)', async () => {
    const email = `${'a'.repeat(64)}@${'b'.repeat(185)}.com`;
    expect(email).toHaveLength(254);
    expect((await create(root, { email, name: 'n'.repeat(255) })).status).toBe(201);
  });

  it('lets only platform administrators say who somebody is at the identity provider', async () => {
    const json = { email: anAddress(), name: 'Ada', oidc_sub: 'subject-1' };
    expectApiError(await create(manager, json), 403, 'Only platform administrators may set oidc_sub');
    expect((await create(root, json)).json()).toMatchObject({ user: { oidc_sub: 'subject-1' } });
    expectApiError(
      await create(root, { ...json, email: anAddress() }),
      409,
      'Another user has this oidc_sub',
    );
  });

  it('needs users:write', async () => {
    const member = await people.signIn(await people.add({ [red]: 'member' }));
    const id = await people.add({ [red]: 'viewer' });
    const missing = { details: 'Required scope: users:write' };
    expectApiError(await create(member, { email: anAddress(), name: 'A' }), 403, /Missing/, missing);
    expectApiError(await change(member, id, { name: 'Eve' }), 403, 'Missing required scope', missing);
    expectApiError(await member(`/api/v1/users/${id}`, { method: 'DELETE' }), 403, /Missing/, missing);
    expect((await app.request(`/api/v1/users/${id}`, { method: 'PUT', json: {} })).status).toBe(401);
  });

  it('changes name and address, and leaves what is absent', async () => {
    const id = await people.add({ [red]: null }, { name: 'Before' });
    const email = anAddress();
    expect((await change(manager, id, { name: 'After' })).json()).toMatchObject({ user: { name: 'After' } });
    const answer = await change(manager, id, { email: email.toUpperCase() });
    expect(answer.json()).toMatchObject({ user: { id, email, name: 'After' } });
    const user = answer.json<{ user: { created_at: string; updated_at: string } }>().user;
    expect(Date.parse(user.updated_at)).toBeGreaterThan(Date.parse(user.created_at));
    expect((await change(manager, id, {})).json()).toMatchObject({ user: { email, name: 'After' } });
    expect((await change(manager, id, { name: null })).status).toBe(400);
    expect((await change(manager, id, { name: '' })).status).toBe(400);
    expect((await change(manager, id, { email: 'nothing' })).status).toBe(400);
  });

  it('refuses the address of somebody else', async () => {
    const email = anAddress();
    await people.add({}, { email });
    const id = await people.add({ [red]: null });
    expectApiError(
      await change(manager, id, { email: email.toUpperCase() }),
      409,
      'Email already in use by another user',
    );
  });

  it('lets people change their own name, and nothing else, while they are signed in', async () => {
    const id = await people.add({ [red]: 'viewer' }, { email: 'own@example.com' });
    const own = await people.signIn(id);
    const renamed = await change(own, id, { name: 'Mine', email: 'Own@example.com' });
    expect(renamed.json()).toMatchObject({ user: { name: 'Mine' } });
    expectApiError(await change(own, id, { email: anAddress() }), 403, 'Missing required scope', {
      details: 'Required scope: users:write',
    });
    const { key } = await app.get(ApiKeys).issue({
      name: 'k',
      scopes: ['modules:read'],
      organizationId: red,
      userId: id,
    });
    expect(
      (await app.request(`/api/v1/users/${id}`, { key, method: 'PUT', json: { name: 'X' } })).status,
    ).toBe(403);
  });

  describe('follows who outranks whom (C: no escalation)', () => {
    const rows: [string, () => Record<string, string>, () => Record<string, string | null>, number][] = [
      ['a member of their organization', () => ({ [red]: 'admin' }), () => ({ [red]: 'member' }), 200],
      ['somebody without a role', () => ({ [red]: 'user_manager' }), () => ({ [red]: null }), 200],
      ['somebody without membership', () => ({ [red]: 'user_manager' }), () => ({}), 200],
      ['an equal', () => ({ [red]: 'admin' }), () => ({ [red]: 'admin' }), 200],
      ['somebody with more scopes', () => ({ [red]: 'user_manager' }), () => ({ [red]: 'publisher' }), 403],
      ['an administrator', () => ({ [red]: 'user_manager' }), () => ({ [red]: 'admin' }), 403],
      ['an owner, as administrator', () => ({ [red]: 'admin' }), () => ({ [red]: 'owner' }), 403],
      ['an owner, as owner', () => ({ [red]: 'owner' }), () => ({ [red]: 'owner' }), 200],
      [
        'an owner here, as owner elsewhere',
        () => ({ [red]: 'admin', [blue]: 'owner' }),
        () => ({ [red]: 'owner' }),
        403,
      ],
      [
        'somebody who belongs elsewhere too',
        () => ({ [red]: 'admin' }),
        () => ({ [red]: 'member', [blue]: 'viewer' }),
        403,
      ],
      [
        'somebody who belongs to two of theirs',
        () => ({ [red]: 'admin', [blue]: 'admin' }),
        () => ({ [red]: 'member', [blue]: 'viewer' }),
        200,
      ],
      ['somebody of another organization', () => ({ [red]: 'admin' }), () => ({ [blue]: 'member' }), 404],
      [
        'a platform administrator',
        () => ({ [red]: 'owner' }),
        () => ({ [red]: 'viewer', [home]: 'admin' }),
        403,
      ],
    ];
    it.each(rows)('for %s', async (_, caller, target, status) => {
      await people.add({ [red]: 'owner', [blue]: 'owner' });
      const signed = await people.signIn(await people.add(caller()));
      const id = await people.add(target());
      const answer = await change(signed, id, { name: 'Changed' });
      expect(answer.status).toBe(status);
      const removal = await signed(`/api/v1/users/${id}`, { method: 'DELETE' });
      expect(removal.status).toBe(status);
      const left = await app.query('SELECT 1 FROM users WHERE id = $1', [id]);
      expect(left).toHaveLength(status === 200 ? 0 : 1);
    });

    it('with the scopes of a key, not those of its owner', async () => {
      const id = await people.add({ [red]: 'member' });
      const weak = await app.issueKey('users:write', red);
      const strong = await app.issueKey(
        'users:write,modules:write,providers:write,mirrors:read,organizations:read,scm:read',
        red,
      );
      const put = (key: string) =>
        app.request(`/api/v1/users/${id}`, { key, method: 'PUT', json: { name: 'Changed' } });
      expectApiError(await put(weak), 403, 'You may not change this user', { details: expect.any(String) });
      expect((await put(strong)).status).toBe(200);
    });
  });

  it('knows no user that is absent', async () => {
    const absent = randomUUID();
    expectApiError(await change(root, absent, { name: 'A' }), 404, 'User not found');
    expectApiError(await root(`/api/v1/users/${absent}`, { method: 'DELETE' }), 404, 'User not found');
    expectApiError(await change(root, 'x', { name: 'A' }), 400, 'Invalid user ID');
    expectApiError(await root('/api/v1/users/x', { method: 'DELETE' }), 400, 'Invalid user ID');
  });

  it('writes every change down (I12)', async () => {
    const created = await create(root, { email: anAddress(), name: 'Audited' });
    const { id } = created.json<{ user: { id: string } }>().user;
    await change(root, id, { name: 'Renamed' });
    await root(`/api/v1/users/${id}`, { method: 'DELETE' });
    const rows = await app.query<{ action: string; metadata: Record<string, object> }>(
      `SELECT action, metadata FROM audit_entries WHERE resource_type = 'user' AND resource_id = $1 ORDER BY chain_seq`,
      [id],
    );
    expect(rows.map(({ action }) => action)).toEqual([
      'POST /api/v1/users',
      'PUT /api/v1/users/:id',
      'DELETE /api/v1/users/:id',
    ]);
    expect(rows[1]!.metadata).toMatchObject({ before: { name: 'Audited' }, after: { name: 'Renamed' } });
  });
});
