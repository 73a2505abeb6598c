import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../../../../../src/auth/api-keys.service.js';
import { pipelineToken } from '../../../../../support/factories/pipeline-token.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { addPerson, createKey, defaultOrganization, inHours, type Person } from './support/key-owners.js';

describe('POST /api/v1/apikeys', () => {
  let app: TestApp;
  let defaultId: string;
  let teamId: string;
  let publisher: Person;
  let admin: Person;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
    defaultId = await defaultOrganization(app);
    teamId = await app.addOrganization('team');
    publisher = await addPerson(app, { [defaultId]: 'publisher' });
    admin = await addPerson(app, { [defaultId]: 'admin' });
  });
  afterAll(() => app.stop());

  const outcome = async (key: string, body: object) => {
    const answer = await createKey(app, key, body);
    return { status: answer.status, ...answer.json() };
  };

  it('makes a key of the caller and shows it this once', async () => {
    const expiresAt = inHours(24);
    const answer = await createKey(app, publisher.key, {
      name: 'deploy',
      description: 'for the pipeline',
      scopes: ['modules:write', 'modules:write'],
      expires_at: expiresAt,
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    const made = answer.json<{ id: string; key: string }>();
    expect(made).toEqual({
      id: expect.any(String) as unknown,
      name: 'deploy',
      description: 'for the pipeline',
      key: expect.stringMatching(/^tfr_[\w-]{43}$/) as unknown,
      key_prefix: made.key.slice(0, 10),
      scopes: ['modules:write'],
      expires_at: expiresAt,
      organization_id: defaultId,
      created_at: expect.stringMatching(/Z$/) as unknown,
    });
    const shown = await app.request(`/api/v1/apikeys/${made.id}`, { key: made.key });
    expect(shown.json()).toMatchObject({
      key: { user_id: publisher.id, user_name: 'Ada', description: 'for the pipeline', last_used_at: null },
    });
    expect(shown.body.toString()).not.toContain(made.key.slice(10));
  });

  it.each([{}, { organization_id: '' }, { organization_id: 'default' }])(
    'takes %j as the default organization',
    async (body) => {
      expect(await outcome(publisher.key, body)).toMatchObject({
        status: 201,
        organization_id: defaultId,
        description: null,
        expires_at: null,
      });
    },
  );

  it('understands organizations:manage as organizations:write', async () => {
    expect(await outcome(admin.key, { scopes: ['organizations:manage'] })).toMatchObject({
      status: 201,
      scopes: ['organizations:write'],
    });
  });

  const malformed: [string, object, string | RegExp][] = [
    ['without a name', { name: undefined }, /name/],
    ['with an empty name', { name: '' }, /name/],
    ['with a name of 256 characters', { name: 'n'.repeat(256) }, /name/],
    ['with a line break in the name', { name: 'a\nb' }, /control characters/],
    ['with NUL in the description', { description: 'a\0b' }, /NUL/],
    ['without scopes', { scopes: undefined }, /scopes/],
    ['with no scope', { scopes: [] }, /at least one/],
    ['with an unknown scope', { scopes: ['modules:all'] }, 'Invalid scopes: invalid scope: modules:all'],
    ['for what is no organization', { organization_id: 'acme' }, 'Invalid organization ID'],
    ['that ended', { expires_at: inHours(-1) }, 'expires_at must be in the future'],
    ['with a date alone', { expires_at: '2999-01-31' }, 'Invalid expires_at format. Use RFC3339'],
    [
      'with a day that is none',
      { expires_at: '2999-02-30T00:00:00Z' },
      'Invalid expires_at format. Use RFC3339',
    ],
    ['with a number as end', { expires_at: 4_102_444_800 }, 'Invalid expires_at format. Use RFC3339'],
  ];
  it.each(malformed)('refuses a key %s', async (_, body, error) => {
    const answer = await outcome(publisher.key, body);
    expect(answer.status).toBe(400);
    if (typeof error === 'string') expect(answer).toMatchObject({ error });
    else expect((answer as unknown as { error: string }).error).toMatch(error);
  });

  it('accepts a name of 255 characters', async () => {
    expect(await outcome(publisher.key, { name: 'n'.repeat(255) })).toMatchObject({ status: 201 });
  });

  it('says what the caller may give, when the caller asks for more (C3)', async () => {
    expect(await outcome(publisher.key, { scopes: ['modules:write', 'users:read'] })).toEqual({
      status: 403,
      error: "Scope 'users:read' exceeds your role permissions for this organization",
      code: 'scope_exceeds_role',
      allowed_scopes: [
        'modules:read',
        'modules:write',
        'providers:read',
        'providers:write',
        'organizations:read',
        'scm:read',
      ],
      role_template: 'publisher',
    });
  });

  it('needs a membership with a role, which platform administrators do not', async () => {
    const foreign = { organization_id: teamId };
    const absent = { organization_id: '00000000-0000-4000-8000-000000000000' };
    const stranger = { status: 403, error: 'You are not a member of this organization' };
    expect(await outcome(publisher.key, foreign)).toMatchObject(stranger);
    expect(await outcome(publisher.key, absent)).toMatchObject(stranger);
    const nobody = await addPerson(app, { [defaultId]: null });
    const noRole = await outcome(nobody.key, {});
    expect(noRole).toMatchObject({
      status: 403,
      error: expect.stringMatching(/^No role template assigned/) as unknown,
    });
    expect(await outcome(admin.key, foreign)).toMatchObject({ status: 201, organization_id: teamId });
    expect(await outcome(admin.key, absent)).toMatchObject({ status: 404 });
  });

  it('lets a key make no key with more scopes or a later end than its own (C3)', async () => {
    const expiresAt = inHours(2);
    const made = await createKey(app, admin.key, { scopes: ['modules:write'], expires_at: expiresAt });
    const { key } = made.json<{ key: string }>();
    const within = { scopes: ['modules:read'], expires_at: inHours(1) };
    expect(await outcome(key, within)).toMatchObject({ status: 201 });
    expect(await outcome(key, { ...within, expires_at: expiresAt })).toMatchObject({ status: 201 });
    expect(await outcome(key, { ...within, scopes: ['providers:read'] })).toMatchObject({ status: 403 });
    for (const expires_at of [inHours(3), null, undefined]) {
      expect(await outcome(key, { ...within, expires_at })).toMatchObject({
        status: 403,
        code: 'key_outlives_its_maker',
      });
    }
  });

  it('lets a key of an organization make keys of the organization', async () => {
    const maker = await app.issueKey('modules:write', teamId);
    const made = await createKey(app, maker, { scopes: ['modules:write'] });
    expect(made.json()).toMatchObject({ organization_id: teamId });
    const { id, key } = made.json<{ id: string; key: string }>();
    const shown = await app.request(`/api/v1/apikeys/${id}`, { key });
    expect(shown.json()).toMatchObject({ key: { user_id: null, user_name: null } });
  });

  it('lets a token of a pipeline make, see and change nothing', async () => {
    const input = await pipelineToken((text, values) => app.query(text, values), teamId);
    const { key, id } = await app.get(ApiKeys).issueExchanged(input);
    const check = await app.get(ApiKeys).check(key);
    expect(check).toMatchObject({
      principal: { namespaces: ['acme-tools'], publishedFrom: { repository: 'a/b' } },
    });
    expect(await outcome(key, { expires_at: inHours(0.1) })).toMatchObject({
      status: 403,
      code: 'cannot_make_keys',
    });
    expect((await app.request('/api/v1/apikeys', { key })).json()).toEqual({ keys: [] });
    const seen = await app.request('/api/v1/apikeys', { key: admin.key });
    expect(seen.body.toString()).not.toContain(id);
    for (const [path, method] of [
      ['', 'GET'],
      ['', 'PUT'],
      ['', 'DELETE'],
      ['/rotate', 'POST'],
    ] as const) {
      for (const caller of [key, admin.key]) {
        const answer = await app.request(`/api/v1/apikeys/${id}${path}`, { method, key: caller });
        expect(answer.status).toBe(404);
      }
    }
    expect((await app.get(ApiKeys).check(key)).outcome).toBe('valid');
  });

  it('records who made what for whom, without the key', async () => {
    const made = await createKey(app, publisher.key, { name: 'recorded' });
    const { id, key } = made.json<{ id: string; key: string }>();
    const rows = await app.query<{ entry: string; user_id: string }>(
      `SELECT e::text AS entry, user_id FROM audit_entries e WHERE resource_type = 'api_key' AND resource_id = $1`,
      [id],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]!.user_id).toBe(publisher.id);
    expect(rows[0]!.entry).toContain('recorded');
    expect(rows[0]!.entry).not.toContain(key.slice(10));
  });
});

describe('a longest life of API keys', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_AUTH_API_KEYS_MAX_LIFETIME: '10d' });
  });
  afterAll(() => app.stop());

  it('binds everybody, and an end is needed', async () => {
    const admin = await addPerson(app, { [await defaultOrganization(app)]: 'admin' });
    const statusOf = async (expires_at?: string | null) =>
      (await createKey(app, admin.key, { expires_at })).status;
    expect(await statusOf(inHours(239))).toBe(201);
    expect(await statusOf(inHours(241))).toBe(400);
    expect(await statusOf(null)).toBe(400);
    expect(await statusOf()).toBe(400);
  });
});
