import { argon2Sync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { LocalAccounts } from '../../../src/auth/local-accounts.service.js';
import { UsersAdministration } from '../../../src/orgs/users-administration.service.js';
import { PasswordHash } from '../../../src/platform/crypto/password-hash.js';
import type { Answer } from '../../support/http-request.js';
import { TestApp } from '../../support/test-app.js';
import { comparable, expectApiError } from '../routes/support/expectations.js';
import { People, type Signed } from '../routes/support/people.js';

const GOOD = 'a tree house by the sea';
const HOST = { host: 'registry.test' };

/** Cookies of an answer by name, with everything that was said about each. */
function cookiesOf({ headers }: Answer): Record<string, { value: string; attributes: string }> {
  return Object.fromEntries(
    (headers['set-cookie'] ?? []).map((line) => {
      const [, name, value, attributes] = /^([^=]+)=([^;]*);? ?(.*)$/.exec(line)!;
      return [name!, { value: value!, attributes: attributes! }];
    }),
  );
}

describe('local accounts', () => {
  let app: TestApp;
  let people: People;
  let home: string;
  let root: Signed;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_AUTH_LOCAL_MAX_WAITING: '1000' });
    people = new People(app);
    home = await people.defaultOrganization();
    root = await people.signIn(await people.add({ [home]: 'admin' }));
  });

  afterAll(() => app.stop());

  const signIn = (email: string, password: string, at: TestApp = app) =>
    at.request('/api/v1/auth/local/login', { method: 'POST', headers: HOST, json: { email, password } });

  /** Somebody with the password `GOOD`. */
  async function account(mustChange = false): Promise<{ id: string; email: string }> {
    const email = `${randomUUID()}@example.com`;
    const id = await people.add({ [home]: 'viewer' }, { email, name: 'Grace Hopper' });
    await app.get(LocalAccounts).setPassword(id, GOOD, { mustChange });
    return { id, email };
  }

  /** The requests of a browser after this answer. */
  function browser(answer: Answer, at: TestApp = app): Signed {
    const cookies = cookiesOf(answer);
    const cookie = `tfr_session=${cookies['tfr_session']!.value}; tfr_csrf=${cookies['tfr_csrf']!.value}`;
    const csrf = { 'x-csrf-token': cookies['tfr_csrf']!.value };
    return (path, { headers, ...options } = {}) =>
      at.request(path, { ...options, headers: { ...HOST, cookie, ...csrf, ...headers } });
  }

  const changePassword = (caller: Signed, current: string, next: string) =>
    caller('/api/v1/auth/local/password', {
      method: 'POST',
      json: { current_password: current, new_password: next },
    });
  const failuresOf = async (id: string) =>
    (
      await app.query<{ failures: number; is_locked: boolean }>(
        `SELECT failures, locked_until > now() AS is_locked FROM local_credentials WHERE user_id = $1`,
        [id],
      )
    )[0];
  const endLock = (id: string) =>
    app.query(`UPDATE local_credentials SET locked_until = now() WHERE user_id = $1`, [id]);

  describe('signing in', () => {
    it('begins a session with cookies and a handle that needs them', async () => {
      const { email } = await account();
      const answer = await signIn(` ${email.toUpperCase()} `, GOOD);
      expect(answer.status).toBe(200);
      const { token } = answer.json<{ token: string }>();
      expect(answer.json()).toEqual({
        token: expect.stringMatching(/^tfrs_[\w-]{22}$/),
        must_change_password: false,
      });
      const { tfr_session: session, tfr_csrf: csrf } = cookiesOf(answer);
      expect(session!.attributes).toMatch(/HttpOnly/);
      expect(csrf!.attributes).not.toMatch(/HttpOnly/);
      expect((await browser(answer)('/api/v1/users/me/memberships')).status).toBe(200);
      const withHandle = { authorization: `Bearer ${token}`, cookie: `tfr_session=${session!.value}` };
      expect((await app.request('/api/v1/users/me/memberships', { headers: withHandle })).status).toBe(200);
      expect((await app.request('/api/v1/users/me/memberships', { key: token })).status).toBe(401);
    });

    it('answers every failure the same, after the same work (B: no oracle)', async () => {
      const [known, disabled, locked] = [await account(), await account(), await account()];
      await app.get(UsersAdministration).setActive(disabled.id, false);
      await app.query(
        `UPDATE local_credentials SET locked_until = now() + interval '1 hour' WHERE user_id = $1`,
        [locked.id],
      );
      const withoutPassword = `${randomUUID()}@example.com`;
      await people.add({}, { email: withoutPassword });
      const attempts: [string, string][] = [
        [known.email, `${GOOD}!`],
        [known.email, ''],
        [known.email, GOOD.repeat(1000)],
        [`${randomUUID()}@example.com`, GOOD],
        ['no address', GOOD],
        ['', GOOD],
        [withoutPassword, GOOD],
        [disabled.email, GOOD],
        [locked.email, GOOD],
        [locked.email, `${GOOD}!`],
      ];
      const check = vi.spyOn(app.get(PasswordHash), 'check');
      const answers = [];
      try {
        for (const [email, password] of attempts) answers.push(await signIn(email, password));
        expect(check).toHaveBeenCalledTimes(attempts.length);
      } finally {
        check.mockRestore();
      }
      expectApiError(answers[0]!, 401, 'Invalid credentials');
      expect(answers[0]!.headers['set-cookie']).toBeUndefined();
      for (const answer of answers) expect(comparable(answer)).toEqual(comparable(answers[0]!));
    });

    it('wants both fields', async () => {
      for (const json of [{}, { email: 'a@example.com' }, { email: 'a@example.com', password: 7 }]) {
        const answer = await app.request('/api/v1/auth/local/login', { method: 'POST', headers: HOST, json });
        expect(answer.status).toBe(400);
      }
    });

    it('takes a password however its letters were composed', async () => {
      const { id, email } = await account();
      await app.get(LocalAccounts).setPassword(id, 'Zürich, Ångström', { mustChange: false });
      expect((await signIn(email, 'Zürich, Ångström'.normalize('NFD'))).status).toBe(200);
    });

    it('renews a hash that was made with another cost', async () => {
      const { id, email } = await account();
      const salt = Buffer.alloc(16, 7);
      const cost = { memory: 8_192, passes: 1, parallelism: 1, tagLength: 32 };
      const tag = argon2Sync('argon2id', { message: GOOD, nonce: salt, ...cost });
      const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
      const old = `$argon2id$v=19$m=8192,t=1,p=1$${text(salt)}$${text(tag)}`;
      await app.query('UPDATE local_credentials SET password_hash = $2 WHERE user_id = $1', [id, old]);
      expect((await signIn(email, `${GOOD}!`)).status).toBe(401);
      for (let round = 0; round < 2; round += 1) expect((await signIn(email, GOOD)).status).toBe(200);
      const [row] = await app.query<{ password_hash: string }>(
        'SELECT password_hash FROM local_credentials WHERE user_id = $1',
        [id],
      );
      expect(row!.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    });
  });

  describe('lock after wrong passwords', () => {
    it('not before the limit, and a success starts anew (boundary)', async () => {
      const { id, email } = await account();
      for (let round = 0; round < 2; round += 1) {
        for (let failure = 1; failure <= 9; failure += 1) await signIn(email, 'wrong');
        expect(await failuresOf(id)).toEqual({ failures: 9, is_locked: null });
        expect((await signIn(email, GOOD)).status).toBe(200);
        expect(await failuresOf(id)).toEqual({ failures: 0, is_locked: null });
      }
    });

    it('at the limit, for a while, which more guesses do not make longer (boundary)', async () => {
      const { id, email } = await account();
      const lockOf = () =>
        app.query(`SELECT failures, locked_until FROM local_credentials WHERE user_id = $1`, [id]);
      for (let failure = 1; failure <= 10; failure += 1) await signIn(email, 'wrong');
      expect(await failuresOf(id)).toEqual({ failures: 10, is_locked: true });
      const lock = await lockOf();
      expect((await signIn(email, GOOD)).status).toBe(401);
      expect((await signIn(email, 'wrong')).status).toBe(401);
      expect(await lockOf()).toEqual(lock);
      const [row] = await app.query<{ minutes: number }>(
        `SELECT round(extract(epoch FROM locked_until - now()) / 60)::int AS minutes FROM local_credentials
         WHERE user_id = $1`,
        [id],
      );
      expect(row!.minutes).toBe(15);
      await endLock(id);
      expect((await signIn(email, GOOD)).status).toBe(200);
      expect(await failuresOf(id)).toEqual({ failures: 0, is_locked: null });
    });

    it('again after the limit once the lock is over', async () => {
      const { id, email } = await account();
      for (let failure = 1; failure <= 10; failure += 1) await signIn(email, 'wrong');
      await endLock(id);
      await signIn(email, 'wrong');
      expect(await failuresOf(id)).toEqual({ failures: 1, is_locked: null });
    });

    it('exactly at the limit under 50 simultaneous guesses on two replicas, and says so once (T12)', async () => {
      const replica = await app.another();
      try {
        const { id, email } = await account();
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            signIn(email, `guess ${index}`, index % 2 ? app : replica),
          ),
        );
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
        expect(await failuresOf(id)).toEqual({ failures: 10, is_locked: true });
        expect((await signIn(email, GOOD, replica)).status).toBe(401);
        const records = await app.query(
          `SELECT 1 FROM audit_entries WHERE resource_id = $1 AND metadata->'after' ? 'is_locked'`,
          [id],
        );
        expect(records).toHaveLength(1);
      } finally {
        await replica.stop();
      }
    });

    it('not for somebody whose many tabs sign in at once', async () => {
      const { email } = await account();
      const answers = await Promise.all(Array.from({ length: 30 }, () => signIn(email, GOOD)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    });
  });

  describe('changing the own password', () => {
    it('ends the other sessions and keeps this one, with a new secret (B6)', async () => {
      const { email } = await account();
      const [here, elsewhere] = [await signIn(email, GOOD), await signIn(email, GOOD)];
      const answer = await changePassword(browser(here), GOOD, 'another house by the sea');
      expect({ status: answer.status, body: answer.body.toString() }).toEqual({ status: 204, body: '' });
      const status = async (from: Answer) => (await browser(from)('/api/v1/users/me/memberships')).status;
      expect([await status(answer), await status(here), await status(elsewhere)]).toEqual([200, 401, 401]);
      expect((await signIn(email, GOOD)).status).toBe(401);
      expect((await signIn(email, 'another house by the sea')).status).toBe(200);
    });

    it('counts wrong current passwords like those of a sign-in, and never answers 401', async () => {
      const { id, email } = await account();
      const own = browser(await signIn(email, GOOD));
      for (let failure = 1; failure <= 10; failure += 1) {
        const answer = await changePassword(own, 'wrong', 'another house by the sea');
        expectApiError(answer, 400, 'The current password is not right', {
          fields: { current_password: 'The current password is not right' },
        });
      }
      expect(await failuresOf(id)).toEqual({ failures: 10, is_locked: true });
      expect((await changePassword(own, GOOD, 'another house by the sea')).status).toBe(400);
    });

    const rules: [string, string, RegExp][] = [
      ['shorter than the minimum', '12345678901', /at least 12 characters/],
      ['longer than 1,024 characters', 'x'.repeat(1025), /at most 1024 characters/],
      ['the present one', GOOD, /must differ/],
      ['the name', ' grace HOPPER ', /neither the email address nor the name/],
      ['made of few wide characters', '👪👪👪👪👪👪', /at least 12 characters/],
    ];
    it.each(rules)('refuses one that is %s', async (_, next, message) => {
      const { email } = await account();
      const own = browser(await signIn(email, GOOD));
      const answer = await changePassword(own, GOOD, next);
      expect(answer.status).toBe(400);
      expect(answer.json<{ fields: object }>().fields).toEqual({
        new_password: expect.stringMatching(message),
      });
      expect((await changePassword(own, GOOD, email)).status).toBe(400);
    });

    it('accepts the shortest and the longest (boundary)', async () => {
      const { email } = await account();
      const [shortest, longest] = ['123456789012', 'y'.repeat(1024)];
      const first = await changePassword(browser(await signIn(email, GOOD)), GOOD, shortest);
      expect(first.status).toBe(204);
      expect((await changePassword(browser(first), shortest, longest)).status).toBe(204);
      expect((await signIn(email, longest)).status).toBe(200);
      expect((await signIn(email, `${longest}y`)).status).toBe(401);
    });

    it('is not for keys, nor for requests that another site made (B7)', async () => {
      const { id, email } = await account();
      const { key } = await app.get(ApiKeys).issue({
        name: 'k',
        scopes: ['modules:read'],
        organizationId: home,
        userId: id,
      });
      const withKey: Signed = (path, options) => app.request(path, { key, ...options });
      expectApiError(await changePassword(withKey, GOOD, 'another house by the sea'), 403, /Sign in/);
      const own = browser(await signIn(email, GOOD));
      const foreign: Signed = (path, options) => own(path, { ...options, headers: { 'x-csrf-token': 'no' } });
      expect((await changePassword(foreign, GOOD, 'another house by the sea')).status).toBe(403);
      const nobody: Signed = (path, options) => app.request(path, options);
      expect((await changePassword(nobody, GOOD, 'another house by the sea')).status).toBe(401);
    });
  });

  describe('a password that somebody else gave', () => {
    const reset = (caller: Signed, id: string) =>
      caller(`/api/v1/users/${id}/password-reset`, { method: 'POST' });

    it('is shown once, ends all sessions, and allows nothing but its change', async () => {
      const { id, email } = await account();
      const old = browser(await signIn(email, GOOD));
      for (let failure = 1; failure <= 10; failure += 1) await signIn(email, 'wrong');
      const answer = await reset(root, id);
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.json()).toEqual({ temporary_password: expect.stringMatching(/^[\w-]{20,}$/) });
      const { temporary_password: temporary } = answer.json<{ temporary_password: string }>();
      expect((await old('/api/v1/auth/me')).status).toBe(401);
      expect((await signIn(email, GOOD)).status).toBe(401);

      const signedIn = await signIn(email, temporary);
      expect(signedIn.json()).toMatchObject({ must_change_password: true });
      const limited = browser(signedIn);
      expect((await limited('/api/v1/auth/me')).status).toBe(200);
      for (const path of ['/api/v1/users/me/memberships', '/api/v1/apikeys', '/api/v1/auth/sessions']) {
        const refused = await limited(path);
        expect({ path, status: refused.status, code: refused.json()['code'] }).toEqual({
          path,
          status: 403,
          code: 'password_change_required',
        });
      }
      expect((await changePassword(limited, temporary, temporary)).status).toBe(400);
      const changed = await changePassword(limited, temporary, 'my own house by the sea');
      expect(changed.status).toBe(204);
      expect((await browser(changed)('/api/v1/users/me/memberships')).status).toBe(200);
      expect((await signIn(email, 'my own house by the sea')).json()).toMatchObject({
        must_change_password: false,
      });
    });

    it('lets a limited session sign out', async () => {
      const { email } = await account(true);
      const limited = browser(await signIn(email, GOOD));
      expect((await limited('/api/v1/auth/logout', { method: 'POST' })).status).toBe(204);
      expect((await limited('/api/v1/auth/me')).status).toBe(401);
    });

    it('makes a local account of a user without one', async () => {
      const email = `${randomUUID()}@example.com`;
      const id = await people.add({}, { email });
      const { temporary_password: temporary } = (await reset(root, id)).json<{
        temporary_password: string;
      }>();
      expect((await signIn(email, temporary)).status).toBe(200);
    });

    it('needs the rights to change the user', async () => {
      const red = await app.addOrganization(`red-${randomUUID().slice(0, 8)}`);
      const owner = await people.add({ [red]: 'owner' });
      const admin = await people.signIn(await people.add({ [red]: 'admin' }));
      const member = await people.add({ [red]: 'member' });
      expectApiError(await reset(admin, owner), 403, 'You may not change this user', {
        details: expect.any(String),
      });
      expect((await reset(await people.signIn(member), owner)).status).toBe(403);
      expectApiError(await reset(admin, (await account()).id), 404, 'User not found');
      // Who resets a password can act as that person, and a member publishes for everybody here.
      expect((await reset(admin, member)).status).toBe(403);
      expect((await reset(admin, await people.add({ [red]: null }))).status).toBe(200);
      expectApiError(await reset(root, 'x'), 400, 'Invalid user ID');
      expectApiError(await reset(root, randomUUID()), 404, 'User not found');
    });
  });

  it('ends within a second on every replica when the account is disabled (B8)', async () => {
    const replica = await app.another();
    try {
      const { id, email } = await account();
      const answer = await signIn(email, GOOD);
      const there = browser(answer, replica);
      expect((await there('/api/v1/auth/me')).status).toBe(200);
      await app.get(UsersAdministration).setActive(id, false);
      expect((await browser(answer)('/api/v1/auth/me')).status).toBe(401);
      await expect.poll(async () => (await there('/api/v1/auth/me')).status, { timeout: 5_000 }).toBe(401);
      expect((await signIn(email, GOOD)).status).toBe(401);
      await app.get(UsersAdministration).setActive(id, true);
      expect((await signIn(email, GOOD)).status).toBe(200);
    } finally {
      await replica.stop();
    }
  });

  it('keeps no password anywhere (canary)', async () => {
    const canary = `canary-${randomUUID()}`;
    const { id, email } = await account();
    await app.get(LocalAccounts).setPassword(id, canary, { mustChange: false });
    await signIn(email, canary);
    await signIn(email, `${canary}x`);
    const tables = await app.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    for (const { name } of tables) {
      const rows = await app.query(`SELECT 1 FROM "${name}" t WHERE t::text LIKE $1`, [`%${canary}%`]);
      expect({ name, hits: rows.length }).toEqual({ name, hits: 0 });
    }
    expect(tables.length).toBeGreaterThan(20);
  });
});
