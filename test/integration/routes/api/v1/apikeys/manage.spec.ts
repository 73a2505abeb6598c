import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../../../../../src/auth/api-keys.service.js';
import { TestApp } from '../../../../../support/test-app.js';
import {
  addPerson,
  createKey,
  defaultOrganization,
  inHours,
  isAccepted,
  type Person,
} from './support/key-owners.js';

interface Made {
  readonly id: string;
  readonly key: string;
}

describe('the keys under /api/v1/apikeys', () => {
  let app: TestApp;
  let teamId: string;
  let owner: Person;
  let colleague: Person;
  let manager: Person;
  let stranger: Person;
  let admin: Person;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
    const defaultId = await defaultOrganization(app);
    teamId = await app.addOrganization('team');
    owner = await addPerson(app, { [teamId]: 'publisher' });
    colleague = await addPerson(app, { [teamId]: 'viewer' });
    manager = await addPerson(app, { [teamId]: 'user_manager' });
    stranger = await addPerson(app, { [defaultId]: 'publisher' });
    admin = await addPerson(app, { [defaultId]: 'admin' });
  });
  afterAll(() => app.stop());

  async function made(person = owner, body: object = {}): Promise<Made> {
    const answer = await createKey(app, person.key, { organization_id: teamId, ...body });
    expect(answer.status).toBe(201);
    return answer.json<{ id: string; key: string }>();
  }

  async function call(method: string, path: string, person: Person, json?: object) {
    const answer = await app.request(`/api/v1/apikeys${path}`, { method, key: person.key, json });
    return { status: answer.status, body: answer.json() };
  }

  const listed = async (person: Person, query = '') =>
    (await call('GET', query, person)).body['keys'] as { id: string; created_at: string }[];

  describe('are listed', () => {
    it('to their owner, to managers of their organization and to platform administrators', async () => {
      const { id } = await made();
      for (const person of [owner, manager, admin]) {
        expect((await listed(person)).map((key) => key.id)).toContain(id);
      }
      for (const person of [colleague, stranger]) {
        expect((await listed(person)).map((key) => key.id)).not.toContain(id);
      }
    });

    it('newest first, of one organization when asked', async () => {
      await made();
      const keys = await listed(admin, `?organization_id=${teamId}`);
      const times = keys.map((key) => key.created_at);
      expect(times).toEqual(times.toSorted().reverse());
      expect(keys.map((key) => key.id)).toContain(owner.keyId);
      expect(keys.map((key) => key.id)).not.toContain(stranger.keyId);
      expect((await call('GET', '?organization_id=team', admin)).body).toMatchObject({
        error: 'Invalid organization ID',
      });
    });

    it('without those that are revoked, with those that expired', async () => {
      const [revoked, expired] = [await made(), await made()];
      await call('DELETE', `/${revoked.id}`, owner);
      await app.query(`UPDATE api_keys SET expires_at = now() - interval '1 hour' WHERE id = $1`, [
        expired.id,
      ]);
      const ids = (await listed(owner)).map((key) => key.id);
      expect(ids).not.toContain(revoked.id);
      expect(ids).toContain(expired.id);
    });
  });

  describe('are managed', () => {
    const ways: [string, string, object | undefined][] = [
      ['GET', '', undefined],
      ['PUT', '', { name: 'renamed' }],
      ['POST', '/rotate', {}],
      ['DELETE', '', undefined],
    ];
    it.each(ways)(
      'with %s …%s by those who may, in the words of the contract by others',
      async (method, tail, json) => {
        const { id, key } = await made();
        const path = `/${id}${tail}`;
        const denied = { status: 403, body: { error: 'Access denied' } };
        expect(await call(method, path, colleague, json)).toMatchObject(denied);
        expect(await call(method, path, stranger, json)).toMatchObject({
          status: 404,
          body: { error: 'API key not found' },
        });
        const absent = `/00000000-0000-4000-8000-000000000000${tail}`;
        expect(await call(method, absent, owner, json)).toMatchObject({ status: 404 });
        expect(await call(method, `/nonsense${tail}`, owner, json)).toMatchObject({
          status: 400,
          body: { error: 'Invalid API key ID' },
        });
        expect(await isAccepted(app, key)).toBe(true);
        for (const person of [owner, manager, admin]) {
          const one = await made();
          expect(await call(method, `/${one.id}${tail}`, person, json)).toMatchObject({ status: 200 });
        }
      },
    );

    it('by a key of their owner in its own organization only', async () => {
      const elsewhere = await app.addOrganization(`elsewhere-${Date.now()}`);
      await app.query(
        `INSERT INTO memberships (organization_id, user_id, role_template_id)
         VALUES ($1, $2, (SELECT id FROM role_templates WHERE name = 'publisher'))`,
        [elsewhere, owner.id],
      );
      const { id } = await app
        .get(ApiKeys)
        .issue({ name: 'other', scopes: ['modules:write'], userId: owner.id, organizationId: elsewhere });
      expect((await listed(owner)).map((key) => key.id)).not.toContain(id);
      expect(await call('DELETE', `/${id}`, owner)).toMatchObject({ status: 404 });
    });
  });

  describe('change', () => {
    it('only where the request says so', async () => {
      const { id } = await made(owner, { name: 'old', description: 'about', expires_at: inHours(9) });
      const before = (await call('GET', `/${id}`, owner)).body['key'] as object;
      expect((await call('PUT', `/${id}`, owner, { name: 'new' })).body['key']).toEqual({
        ...before,
        name: 'new',
      });
      const cleared = await call('PUT', `/${id}`, owner, { description: null, expires_at: null });
      expect(cleared.body['key']).toEqual({ ...before, name: 'new', description: '', expires_at: null });
      expect(await call('PUT', `/${id}`, owner, {})).toEqual(cleared);
    });

    it('to scopes that caller and owner hold, and take effect at once (C3)', async () => {
      const { id, key } = await made(owner, { scopes: ['modules:read'] });
      const to = async (person: Person, scopes: string[]) => {
        const { status, body } = await call('PUT', `/${id}`, person, { scopes });
        return { status, error: body['error'] };
      };
      const exceeds = (scope: string, whose: string) => ({
        status: 403,
        error: `Scope '${scope}' exceeds ${whose} role permissions for this organization`,
      });
      expect(await to(manager, ['modules:write'])).toEqual(exceeds('modules:write', 'your'));
      expect(await to(manager, ['users:read'])).toEqual(exceeds('users:read', "the owner's"));
      expect(await to(admin, ['admin'])).toEqual(exceeds('admin', "the owner's"));
      expect(await to(owner, ['users:read'])).toEqual(exceeds('users:read', 'your'));
      expect(await to(owner, ['modules:all'])).toMatchObject({ status: 400 });
      expect(await to(owner, [])).toMatchObject({ status: 400 });
      expect(await to(manager, ['providers:read'])).toMatchObject({ status: 200 });
      expect(await app.get(ApiKeys).check(key)).toMatchObject({ principal: { scopes: ['providers:read'] } });
      expect(await to(admin, ['modules:write'])).toMatchObject({ status: 200 });
    });

    it('to a later end only for those who could make such a key (C3)', async () => {
      const { id } = await made(owner, { scopes: ['modules:write'], expires_at: inHours(5) });
      const to = async (person: Person, expires_at: string | null) =>
        (await call('PUT', `/${id}`, person, { expires_at })).status;
      expect(await to(manager, inHours(6))).toBe(403);
      expect(await to(manager, null)).toBe(403);
      expect(await to(manager, inHours(4))).toBe(200);
      expect(await to(owner, inHours(-1))).toBe(400);
      expect(await to(owner, inHours(9))).toBe(200);
      const own = await made(owner, { scopes: ['modules:write'], expires_at: inHours(5) });
      const holder = { ...owner, key: own.key };
      expect(await call('PUT', `/${own.id}`, holder, { expires_at: inHours(6) })).toMatchObject({
        status: 403,
        body: { code: 'key_outlives_its_maker' },
      });
      expect(await call('PUT', `/${own.id}`, holder, { expires_at: inHours(4) })).toMatchObject({
        status: 200,
      });
    });

    it('nothing else, whatever fields the request has (C9)', async () => {
      const { id } = await made();
      const row = async () => (await app.query('SELECT * FROM api_keys WHERE id = $1', [id]))[0] as object;
      const before = await row();
      const columns = Object.keys(before).filter(
        (one) => !['name', 'description', 'scopes', 'expires_at'].includes(one),
      );
      const evil = Object.fromEntries(
        columns.map((column) => [column, '00000000-0000-4000-8000-000000000000']),
      );
      expect(await call('PUT', `/${id}`, owner, evil)).toMatchObject({ status: 200 });
      expect(await row()).toEqual(before);
    });
  });

  it('end with DELETE, and stay ended', async () => {
    const { id, key } = await made();
    expect(await call('DELETE', `/${id}`, owner)).toEqual({
      status: 200,
      body: { message: 'API key revoked' },
    });
    expect(await isAccepted(app, key)).toBe(false);
    for (const method of ['GET', 'DELETE']) expect((await call(method, `/${id}`, owner)).status).toBe(404);
  });

  it('end with their user and with their organization', async () => {
    const gone = await addPerson(app, { [teamId]: 'viewer' });
    await app.query('DELETE FROM memberships WHERE user_id = $1', [gone.id]);
    await app.query('DELETE FROM users WHERE id = $1', [gone.id]);
    const organizationId = await app.addOrganization(`gone-${Date.now()}`);
    await app.issueKey('modules:read', organizationId);
    await app.query('DELETE FROM organizations WHERE id = $1', [organizationId]);
    const left = await app.query('SELECT 1 FROM api_keys WHERE organization_id = $1 OR user_id = $2', [
      organizationId,
      gone.id,
    ]);
    expect(left).toEqual([]);
  });

  it('record each change, before and after', async () => {
    const { id } = await made(owner, { name: 'first' });
    await call('PUT', `/${id}`, admin, { name: 'second' });
    await call('PUT', `/${id}`, admin, { name: 'second' });
    await call('DELETE', `/${id}`, manager);
    const rows = await app.query<{
      user_id: string;
      action: string;
      metadata: Record<string, { name: string }>;
    }>(`SELECT user_id, action, metadata FROM audit_entries WHERE resource_id = $1 ORDER BY chain_seq`, [id]);
    expect(rows.map((row) => [row.user_id, row.action])).toEqual([
      [owner.id, 'POST /api/v1/apikeys'],
      [admin.id, 'PUT /api/v1/apikeys/:id'],
      [manager.id, 'DELETE /api/v1/apikeys/:id'],
    ]);
    expect(rows[1]!.metadata).toMatchObject({ before: { name: 'first' }, after: { name: 'second' } });
  });
});
