import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { LocalAccounts } from '../../../src/auth/local-accounts.service.js';
import { TestApp, type TestSettings } from '../../support/test-app.js';
import { expectApiError } from '../routes/support/expectations.js';
import { People } from '../routes/support/people.js';

describe('the settings of local accounts', () => {
  let app: TestApp;

  afterEach(() => app.stop());

  async function start(settings: TestSettings) {
    app = await TestApp.start(settings);
    const people = new People(app);
    const home = await people.defaultOrganization();
    const email = `${randomUUID()}@example.com`;
    const id = await people.add({ [home]: 'admin' }, { email });
    const signIn = (password: string) =>
      app.request('/api/v1/auth/local/login', {
        method: 'POST',
        headers: { host: 'registry.test' },
        json: { email, password },
      });
    return { people, email, id, signIn };
  }

  it('switch them off altogether', async () => {
    const { id, people, signIn } = await start({ TFR_AUTH_LOCAL_ENABLED: 'false' });
    const off = /switched off/;
    expectApiError(await signIn('whatever it is'), 404, off);
    const root = await people.signIn(id);
    expectApiError(await root(`/api/v1/users/${id}/password-reset`, { method: 'POST' }), 404, off);
    const json = { current_password: 'a', new_password: 'b' };
    expectApiError(await root('/api/v1/auth/local/password', { method: 'POST', json }), 404, off);
    await expect(
      app.get(LocalAccounts).setPassword(id, 'a tree house by the sea', { mustChange: false }),
    ).rejects.toThrow(off);
    await app.query(
      `INSERT INTO local_credentials (user_id, password_hash, must_change) VALUES ($1, 'x', false)`,
      [id],
    );
    expect([await app.get(LocalAccounts).hasPassword(id), await app.get(LocalAccounts).anyExists()]).toEqual([
      false,
      false,
    ]);
  });

  it('say how long a password is, and after how many failures an account locks (boundaries)', async () => {
    const { id, signIn } = await start({
      TFR_AUTH_LOCAL_MIN_LENGTH: '20',
      TFR_AUTH_LOCAL_MAX_FAILURES: '2',
      TFR_AUTH_LOCAL_LOCKOUT: '1h',
    });
    const accounts = app.get(LocalAccounts);
    expect(await accounts.anyExists()).toBe(false);
    const set = (password: string) => accounts.setPassword(id, password, { mustChange: false });
    await expect(set('x'.repeat(19))).rejects.toThrow('at least 20 characters');
    await set('x'.repeat(20));
    expect([await accounts.hasPassword(id), await accounts.anyExists()]).toEqual([true, true]);
    expect(accounts.generatePassword().length).toBeGreaterThanOrEqual(20);
    expect((await signIn('wrong')).status).toBe(401);
    expect((await signIn('x'.repeat(20))).status).toBe(200);
    expect((await signIn('wrong')).status).toBe(401);
    expect((await signIn('wrong')).status).toBe(401);
    expect((await signIn('x'.repeat(20))).status).toBe(401);
    const [row] = await app.query<{ minutes: number }>(
      `SELECT round(extract(epoch FROM locked_until - now()) / 60)::int AS minutes FROM local_credentials`,
    );
    expect(row!.minutes).toBe(60);
    await app.query(`UPDATE users SET is_active = false`);
    expect([await accounts.hasPassword(id), await accounts.anyExists()]).toEqual([true, false]);
  });

  it('bound how many passwords are checked and wait; more sign-ins are told to come back', async () => {
    const { id, signIn } = await start({ TFR_AUTH_LOCAL_MAX_HASHES: '1', TFR_AUTH_LOCAL_MAX_WAITING: '2' });
    await app.get(LocalAccounts).setPassword(id, 'a tree house by the sea', { mustChange: false });
    const answers = await Promise.all(Array.from({ length: 30 }, () => signIn('a tree house by the sea')));
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses).toEqual(new Set([200, 503]));
    const refused = answers.find(({ status }) => status === 503)!;
    expect(refused.headers['retry-after']).toBe('2');
    expect(refused.json()).toMatchObject({ code: 'hashing_busy' });
    expect((await signIn('a tree house by the sea')).status).toBe(200);
  });
});
