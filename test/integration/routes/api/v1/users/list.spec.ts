import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../../../../support/test-app.js';
import { anUuid, aTime, expectApiError } from '../../../support/expectations.js';
import { People, type Signed } from '../../../support/people.js';

interface Listed {
  users: { email: string; role_template_name: string | null }[];
  pagination: { page: number; per_page: number; total: number };
}

describe('listing users', () => {
  let app: TestApp;
  let people: People;
  let home: string;
  let red: string;
  let blue: string;
  let root: Signed;
  let manager: Signed;
  let reader: Signed;

  beforeAll(async () => {
    app = await TestApp.start();
    people = new People(app);
    home = await people.defaultOrganization();
    red = await app.addOrganization('red');
    blue = await app.addOrganization('blue');
    const add = (email: string, roles: Record<string, string | null>, name = 'Ada') =>
      people.add(roles, { email: `${email}@example.com`, name });
    root = await people.signIn(await add('root', { [home]: 'admin' }));
    manager = await people.signIn(await add('manager', { [red]: 'user_manager' }));
    const usersRead = await people.addTemplate(['users:read']);
    reader = await people.signIn(await add('reader', { [red]: usersRead, [blue]: 'admin' }));
    await add('nobody', {}, '100% Grace_H\\opper');
    await add('red.member', { [red]: 'member' });
    await add('blue.member', { [blue]: 'member' });
    await add('both', { [red]: 'viewer', [blue]: 'owner', [home]: 'publisher' });
    await add('roleless', { [red]: null });
  });

  afterAll(() => app.stop());

  const emails = (answer: { json<T>(): T }) =>
    answer.json<Listed>().users.map(({ email }) => email.replace('@example.com', ''));

  it('shows a platform administrator everybody, by e-mail', async () => {
    const answer = await root('/api/v1/users');
    expect(emails(answer)).toEqual(
      ['blue.member', 'both', 'manager', 'nobody', 'reader', 'red.member', 'roleless', 'root'].sort(),
    );
    expect(answer.json<Listed>().pagination).toEqual({ page: 1, per_page: 20, total: 8 });
    expect(answer.json<Listed>().users[1]).toEqual({
      id: anUuid,
      email: 'both@example.com',
      name: 'Ada',
      oidc_sub: null,
      created_at: aTime,
      updated_at: aTime,
      role_template_id: anUuid,
      role_template_name: 'owner',
      role_template_display_name: 'Owner',
    });
  });

  it('shows a manager the members of their organization and people without any', async () => {
    const answer = await manager('/api/v1/users');
    expect(emails(answer)).toEqual(['both', 'manager', 'nobody', 'reader', 'red.member', 'roleless']);
    const roleOf = (email: string) =>
      answer.json<Listed>().users.find((one) => one.email.startsWith(email))!.role_template_name;
    // Roles in organizations that the manager does not see are not told.
    expect([roleOf('both'), roleOf('nobody'), roleOf('roleless')]).toEqual(['viewer', null, null]);
  });

  it('shows the members of every organization where the caller holds users:read', async () => {
    expect(emails(await reader('/api/v1/users'))).toEqual(
      expect.arrayContaining(['blue.member', 'red.member', 'nobody']),
    );
    const key = await app.issueKey('users:read', red);
    expect(emails(await app.request('/api/v1/users', { key }))).toEqual([
      'both',
      'manager',
      'reader',
      'red.member',
      'roleless',
    ]);
  });

  it('needs users:read', async () => {
    const member = await people.signIn(await people.add({ [red]: 'member' }, { email: 'zz@example.com' }));
    for (const path of ['/api/v1/users', '/api/v1/users/search?q=a']) {
      expectApiError(await member(path), 403, 'Missing required scope', {
        details: 'Required scope: users:read',
      });
      expect((await app.request(path)).status).toBe(401);
    }
    await app.query(`DELETE FROM users WHERE email = 'zz@example.com'`);
  });

  it('is cut into pages; a size above the maximum becomes the maximum, never the default', async () => {
    const pageOf = async (query: string) => (await root(`/api/v1/users?${query}`)).json<Listed>();
    const pages = await Promise.all([1, 2, 3].map((page) => pageOf(`page=${page}&per_page=3`)));
    expect(pages.flatMap(({ users }) => users).map(({ email }) => email)).toEqual(
      (await pageOf('')).users.map(({ email }) => email),
    );
    expect(pages.map(({ users }) => users.length)).toEqual([3, 3, 2]);
    for (const [query, perPage] of [
      ['per_page=1000', 200],
      ['per_page=200', 200],
      ['per_page=0', 20],
      ['per_page=x', 20],
    ] as const) {
      expect((await pageOf(query)).pagination.per_page).toBe(perPage);
    }
    expect(await pageOf('page=99999999999999999999')).toMatchObject({ users: [], pagination: { total: 8 } });
    expect((await pageOf('page=-1')).pagination.page).toBe(1);
  });

  it('finds a part of name or e-mail in any case, taking every character as it is', async () => {
    const search = async (text: string) =>
      emails(await root(`/api/v1/users/search?q=${encodeURIComponent(text)}`));
    expect(await search('MEMBER')).toEqual(['blue.member', 'red.member']);
    expect(await search(' grace ')).toEqual(['nobody']);
    expect(await search('%')).toEqual(['nobody']);
    expect(await search('_')).toEqual(['nobody']);
    expect(await search('\\')).toEqual(['nobody']);
    expect(await search('e_H\\o')).toEqual(['nobody']);
    expect(await search("' OR 1=1 --")).toEqual([]);
    const answer = await manager('/api/v1/users/search?q=member&per_page=1');
    expect(answer.json<Listed>().pagination).toEqual({ page: 1, per_page: 1, total: 1 });
  });

  it('wants something to search for', async () => {
    for (const query of ['', '?q=', '?q=%20']) {
      expectApiError(await root(`/api/v1/users/search${query}`), 400, 'Search query is required');
    }
  });

  it('shows one user with the organizations that the caller may see', async () => {
    const [both] = await app.query<{ id: string }>(`SELECT id FROM users WHERE email = 'both@example.com'`);
    const names = (answer: { json<T>(): T }) =>
      answer.json<{ organizations: { name: string }[] }>().organizations.map(({ name }) => name);
    const asManager = await manager(`/api/v1/users/${both!.id}`);
    expect(asManager.json()).toEqual({
      user: {
        id: both!.id,
        email: 'both@example.com',
        name: 'Ada',
        oidc_sub: null,
        created_at: aTime,
        updated_at: aTime,
      },
      organizations: [
        {
          id: red,
          name: 'red',
          display_name: 'red',
          visibility: null,
          created_at: aTime,
          updated_at: aTime,
        },
      ],
    });
    expect(names(await root(`/api/v1/users/${both!.id}`))).toEqual(['blue', 'default', 'red']);
    const memberships = await root(`/api/v1/users/${both!.id.toUpperCase()}/memberships`);
    expect(memberships.json<{ memberships: object[] }>().memberships[0]).toEqual({
      organization_id: blue,
      organization_name: 'blue',
      role_template_id: anUuid,
      role_template_name: 'owner',
      role_template_display_name: 'Owner',
      role_template_scopes: ['admin'],
      role: 'owner',
      created_at: aTime,
    });
    const visible = await manager(`/api/v1/users/${both!.id}/memberships`);
    expect(visible.json<{ memberships: { role: string }[] }>().memberships.map(({ role }) => role)).toEqual([
      'viewer',
    ]);
  });

  it('does not know whom the caller may not see, like one who does not exist (I2)', async () => {
    const [hidden] = await app.query<{ id: string }>(`SELECT id FROM users WHERE email LIKE 'blue.%'`);
    for (const id of [hidden!.id, '00000000-0000-4000-8000-000000000000']) {
      expectApiError(await manager(`/api/v1/users/${id}`), 404, 'User not found');
      expectApiError(await manager(`/api/v1/users/${id}/memberships`), 404, 'User not found');
    }
    for (const path of ['/api/v1/users/x', '/api/v1/users/x/memberships']) {
      expectApiError(await root(path), 400, 'Invalid user ID');
    }
  });

  it('shows everybody their own memberships, by name of the organization', async () => {
    const id = await people.add({ [red]: null, [blue]: 'auditor', [home]: 'devops' });
    const own = await (await people.signIn(id))('/api/v1/users/me/memberships');
    const { memberships } = own.json<{ memberships: Record<string, unknown>[] }>();
    expect(
      memberships.map((one) => [one['organization_name'], one['role'], one['role_template_id']]),
    ).toEqual([
      ['blue', 'viewer', anUuid],
      ['default', 'member', anUuid],
      ['red', null, null],
    ]);
    expect(memberships[2]!['role_template_scopes']).toEqual([]);
    const key = await app.issueKey('users:read', red);
    expect((await app.request('/api/v1/users/me/memberships', { key })).json()).toEqual({ memberships: [] });
    expect((await app.request('/api/v1/users/me/memberships')).status).toBe(401);
    await app.query('DELETE FROM users WHERE id = $1', [id]);
  });
});
