import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from './support/browser.js';

const PATHS: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/api/v1/dev/status'],
  ['POST', '/api/v1/dev/login'],
  ['GET', '/api/v1/dev/users'],
  ['POST', `/api/v1/dev/impersonate/${randomUUID()}`],
];

interface SignedIn {
  token: string;
  user: { id: string; email: string };
  expires_in?: number;
  message?: string;
}

describe('without development mode (B17)', () => {
  it('every path of it is a plain 404, for everybody', async () => {
    const app = await TestApp.start();
    const key = await app.issueKey('admin');
    const unknown = await app.request('/api/v1/dev/nothing');
    for (const [method, path] of PATHS) {
      for (const more of [{}, { key }]) {
        for (const [answer, expected] of [
          [await app.request(path, { method, ...more }), unknown],
          [await app.request(path, { method: 'PUT', ...more }), unknown],
        ] as const) {
          expect([answer.status, answer.json()]).toEqual([404, expected.json()]);
        }
      }
    }
    expect(await app.query(`SELECT id FROM users WHERE email = 'admin@dev.local'`)).toEqual([]);
    await app.stop();
  });
});

describe('development mode', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ DEV_MODE: 'true' });
  });

  afterAll(() => app.stop());

  const post = (path: string, token?: string, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: 'POST',
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    });
  const login = async () => (await post('/api/v1/dev/login')).json<SignedIn>();
  const me = (token: string, headers: Record<string, string> = {}) =>
    app.request('/api/v1/auth/me', { headers: { ...headers, authorization: `Bearer ${token}` } });

  it('says that it is on', async () => {
    const answer = await app.request('/api/v1/dev/status');
    expect([answer.status, answer.json()]).toEqual([
      200,
      { dev_mode: true, message: 'Development mode is enabled' },
    ]);
  });

  it('signs a platform administrator in, with a token that stands alone for a day', async () => {
    const answer = await post('/api/v1/dev/login');
    expect(answer.status).toBe(200);
    const { token, user, expires_in: expiresIn } = answer.json<SignedIn>();
    expect(expiresIn).toBe(86_400);
    expect(Object.keys(user).toSorted()).toEqual([
      'created_at',
      'email',
      'id',
      'name',
      'oidc_sub',
      'updated_at',
    ]);
    expect(user.email).toBe('admin@dev.local');
    const profile = (await me(token)).json<{ allowed_scopes: string[] }>();
    expect(profile.allowed_scopes).toContain('admin');
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('signs nobody in for a foreign page, but for one of this machine', async () => {
    expect((await post('/api/v1/dev/login', undefined, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post('/api/v1/dev/login', undefined, { origin: 'http://localhost:5173' })).status).toBe(
      200,
    );
  });

  it('lists whom to impersonate, to administrators', async () => {
    const viewer = await addPerson(app, { [await defaultOrganizationOf(app)]: 'viewer' });
    const nobody = await addPerson(app);
    const { token } = await login();
    const answer = await app.request('/api/v1/dev/users', { headers: { authorization: `Bearer ${token}` } });
    const { users, dev_mode: isOn } = answer.json<{ users: Record<string, string>[]; dev_mode: boolean }>();
    expect(isOn).toBe(true);
    const roleOf = (id: string) => users.find((user) => user['id'] === id)?.['primary_role'];
    expect([roleOf(viewer), roleOf(nobody)]).toEqual(['Viewer', 'No role']);
    expect((await app.request('/api/v1/dev/users')).status).toBe(401);
    const browser = await Browser.signIn(app, viewer);
    expect((await browser.request('/api/v1/dev/users')).status).toBe(403);
  });

  it('signs an administrator in as somebody else, and records who did it', async () => {
    const target = await addPerson(app, { [await defaultOrganizationOf(app)]: 'viewer' });
    const { token, user: administrator } = await login();
    const answer = await post(`/api/v1/dev/impersonate/${target}`, token);
    expect(answer.status).toBe(200);
    const impersonation = answer.json<SignedIn>();
    expect(impersonation.user.id).toBe(target);
    expect(impersonation.message).toBe(`You are now impersonating ${impersonation.user.email}`);
    // The token decides, also next to a cookie of the administrator.
    const browser = await Browser.signIn(app, administrator.id);
    const seen = await me(impersonation.token, { cookie: browser.cookie });
    expect(seen.json<{ user: { id: string } }>().user.id).toBe(target);
    const records = await app.query<{ user_id: string; text: string }>(
      `SELECT user_id, to_jsonb(a)::text AS text FROM audit_entries a WHERE action LIKE '%impersonate%'`,
    );
    expect(records.map(({ user_id: userId }) => userId)).toEqual([administrator.id]);
    expect(records[0]!.text).toContain(target);
    expect(records[0]!.text).not.toContain(impersonation.token);
  });

  it('impersonates nobody who is not there, for nobody who may not', async () => {
    const { token } = await login();
    expect((await post('/api/v1/dev/impersonate/nonsense', token)).status).toBe(400);
    expect((await post(`/api/v1/dev/impersonate/${randomUUID()}`, token)).status).toBe(404);
    const target = await addPerson(app);
    expect((await post(`/api/v1/dev/impersonate/${target}`)).status).toBe(401);
    const browser = await Browser.signIn(app, await addPerson(app));
    const answer = await browser.request(`/api/v1/dev/impersonate/${target}`, {
      method: 'POST',
      proof: 'csrf',
    });
    expect(answer.status).toBe(403);
  });

  it('renews its tokens, and signs out of them', async () => {
    const { token } = await login();
    const renewed = (await post('/api/v1/auth/refresh', token)).json<SignedIn>();
    expect(renewed.expires_in).toBe(86_400);
    expect((await me(renewed.token)).status).toBe(200);
    expect((await post('/api/v1/auth/logout', renewed.token)).status).toBe(204);
    expect([(await me(token)).status, (await me(renewed.token)).status]).toEqual([401, 401]);
  });

  it('answers 404 when its user was deleted', async () => {
    const replica = await app.another();
    await app.query(
      `DELETE FROM memberships USING users u WHERE u.id = user_id AND u.email = 'admin@dev.local'`,
    );
    await app.query(`DELETE FROM users WHERE email = 'admin@dev.local'`);
    expect((await post('/api/v1/dev/login')).status).toBe(404);
    await replica.stop();
    const restarted = await app.another();
    expect((await post('/api/v1/dev/login')).status).toBe(200);
    await restarted.stop();
  });
});
