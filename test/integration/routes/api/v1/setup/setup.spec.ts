import { readFile, stat } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SetupTokenText } from '../../../../../../src/setup/domain/setup-token.js';
import { TestApp, type TestSettings } from '../../../../../support/test-app.js';

const PASSWORD = 'correct horse battery';
const ADMIN = { email: 'admin@example.com', password: PASSWORD };

describe('the first-run setup', () => {
  const apps: TestApp[] = [];
  afterEach(async () => {
    for (const app of apps.splice(0).reverse()) await app.stop();
  });

  const start = async (settings: TestSettings = {}) => {
    const app = await TestApp.start({ SETUP_TOKEN_FILE: 'setup-token', ...settings });
    apps.push(app);
    return app;
  };
  const another = async (app: TestApp) => {
    const second = await app.another();
    apps.push(second);
    return second;
  };
  const tokenOf = async (app: TestApp) => (await readFile(app.config.setup.tokenFile!, 'utf8')).trim();
  const call = (app: TestApp, step: string, token: string | undefined, json: object = {}) =>
    app.request(`/api/v1/setup/${step}`, {
      method: 'POST',
      json,
      headers: token === undefined ? {} : { authorization: `SetupToken ${token}` },
    });
  const status = async (app: TestApp) => (await app.request('/api/v1/setup/status')).json();

  it('ends with a local administrator and the storage that is there, and then is closed for good', async () => {
    const app = await start();
    const token = await tokenOf(app);
    expect(token).toMatch(/^tfr_setup_[A-Za-z0-9_-]{43}$/);
    expect(app.server.setupToken).toBe(token);
    expect(await status(app)).toEqual({
      setup_completed: false,
      storage_configured: true,
      oidc_configured: false,
      admin_configured: false,
      setup_required: true,
    });
    expect((await call(app, 'validate-token', token)).json()).toMatchObject({ valid: true });
    const incomplete = await call(app, 'complete', token);
    expect([incomplete.status, incomplete.json()]).toEqual([
      400,
      expect.objectContaining({ missing: ['OIDC provider', 'admin user'] }),
    ]);
    expect((await call(app, 'storage/test', token, { backend_type: 'local' })).json()).toMatchObject({
      success: true,
    });
    expect((await call(app, 'storage', token, { backend_type: 'local' })).json()).toMatchObject({
      config: { backend_type: 'local', is_active: true },
    });
    expect((await call(app, 'admin', token, ADMIN)).json()).toEqual({
      message: expect.any(String),
      email: ADMIN.email,
      organization: 'default',
      role: 'Administrator',
    });
    expect((await call(app, 'complete', token)).json()).toEqual({
      message: expect.any(String),
      setup_completed: true,
    });
    expect(await status(app)).toMatchObject({
      setup_completed: true,
      admin_configured: true,
      setup_required: false,
      storage_configured_at: expect.any(String),
    });
    for (const step of [
      'validate-token',
      'oidc/test',
      'oidc',
      'storage/test',
      'storage',
      'admin',
      'complete',
    ]) {
      const { status: code, json } = await call(app, step, token, ADMIN);
      expect([step, code, json()['error']]).toEqual([
        step,
        403,
        'Setup has already been completed. These endpoints are permanently disabled.',
      ]);
    }
    await expect(stat(app.config.setup.tokenFile!)).rejects.toThrow('ENOENT');
    const signIn = await app.request('/api/v1/auth/local/login', { method: 'POST', json: ADMIN });
    expect(signIn.status).toBe(200);
  });

  it('stays closed after a restart, and no new token is made', async () => {
    const app = await start();
    const token = await tokenOf(app);
    await call(app, 'admin', token, ADMIN);
    await call(app, 'complete', token);
    const second = await another(app);
    expect(second.server.setupToken).toBeUndefined();
    expect((await call(second, 'admin', token, ADMIN)).status).toBe(403);
    expect(await app.query('SELECT 1 FROM setup_state WHERE token_digest IS NOT NULL')).toEqual([]);
  });

  it('makes one token for all processes that start, and writes it for the operator alone', async () => {
    const app = await start();
    const second = await another(app);
    expect(second.server.setupToken).toBeUndefined();
    expect((await stat(app.config.setup.tokenFile!)).mode & 0o777).toBe(0o600);
    expect((await call(second, 'validate-token', await tokenOf(app))).status).toBe(200);
  });

  it('refuses a token that was not used in time; the next start makes another', async () => {
    const app = await start({ TFR_SETUP_TOKEN_TTL: '1h' });
    const old = await tokenOf(app);
    await app.query(`UPDATE setup_state SET token_created_at = now() - interval '3601 seconds'`);
    expect((await call(app, 'validate-token', old)).json()['error']).toBe('Invalid setup token');
    const second = await another(app);
    expect(second.server.setupToken).toMatch(/^tfr_setup_/);
    expect(second.server.setupToken).not.toBe(old);
    expect((await call(app, 'validate-token', second.server.setupToken!)).status).toBe(200);
    expect((await call(app, 'validate-token', old)).status).toBe(401);
  });

  const wrong: [string, Record<string, string>, string][] = [
    ['no token', {}, 'Authorization header required. Use: Authorization: SetupToken <token>'],
    [
      'another scheme',
      { authorization: `Bearer tfr_setup_${'a'.repeat(43)}` },
      'Invalid authorization scheme. Use: Authorization: SetupToken <token>',
    ],
    ['a wrong token', { authorization: `SetupToken tfr_setup_${'a'.repeat(43)}` }, 'Invalid setup token'],
    ['a wrong token in the other header', { 'x-setup-token': 'x' }, 'Invalid setup token'],
  ];
  it('says what is wrong with the token, and what to send', async () => {
    const app = await start();
    for (const [name, headers, sentence] of wrong) {
      const answer = await app.request('/api/v1/setup/complete', { method: 'POST', headers });
      expect([name, answer.status, answer.json()['error']]).toEqual([name, 401, sentence]);
    }
    const answer = await app.request('/api/v1/setup/validate-token', {
      method: 'POST',
      headers: { 'x-setup-token': await tokenOf(app), authorization: 'Bearer an-old-sign-in' },
    });
    expect(answer.status).toBe(200);
  });

  it('lets an address fail five times a minute, and counts failures only (B16)', async () => {
    const app = await start({ TFR_SECURITY_RATE_LIMITING_ENABLED: 'true' });
    const token = await tokenOf(app);
    for (let i = 0; i < 12; i += 1) expect((await call(app, 'validate-token', token)).status).toBe(200);
    const statuses: number[] = [];
    for (let i = 0; i < 7; i += 1) statuses.push((await call(app, 'validate-token', 'wrong')).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect((await call(app, 'validate-token', token)).status).toBe(429);
    const elsewhere = { authorization: `SetupToken ${token}`, 'x-forwarded-for': '192.0.2.7' };
    const answer = await app.request('/api/v1/setup/validate-token', { method: 'POST', headers: elsewhere });
    expect(answer.status).toBe(200);
  });

  it.each(['memory', 'database'])(
    'looks at five wrong tokens of an address a minute, also when they come at once (store: %s)',
    async (store) => {
      const app = await start({
        TFR_SECURITY_RATE_LIMITING_ENABLED: 'true',
        TFR_SECURITY_RATE_LIMITING_STORE: store,
      });
      const processes = store === 'database' ? [app, await another(app)] : [app];
      const matches = vi.spyOn(SetupTokenText, 'matches');
      try {
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, i) =>
            call(processes[i % processes.length]!, 'validate-token', `tfr_setup_${'a'.repeat(41)}${i + 10}`),
          ),
        );
        expect(matches).toHaveBeenCalledTimes(5);
        const statuses = answers.map(({ status: code }) => code).toSorted((one, other) => one - other);
        expect(statuses).toEqual([...Array<number>(5).fill(401), ...Array<number>(45).fill(429)]);
      } finally {
        matches.mockRestore();
      }
    },
  );

  it('is completed by exactly one of 200 calls at once, on two processes (B16)', async () => {
    const app = await start();
    const second = await another(app);
    const token = await tokenOf(app);
    await call(app, 'admin', token, ADMIN);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => call(i % 2 === 0 ? app : second, 'complete', token)),
    );
    const counts = new Map<number, number>();
    for (const answer of answers) counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({ 200: 1, 403: 199 });
    const administrators = await app.query(
      `SELECT m.user_id FROM memberships m JOIN role_templates r ON r.id = m.role_template_id WHERE r.name = 'admin'`,
    );
    expect(administrators).toHaveLength(1);
  });

  it('replaces the administrator that was named before', async () => {
    const app = await start();
    const token = await tokenOf(app);
    await call(app, 'admin', token, { email: 'typo@example.com', password: PASSWORD });
    await call(app, 'admin', token, ADMIN);
    expect(await app.query('SELECT email FROM users')).toEqual([{ email: ADMIN.email }]);
  });

  it('refuses what is no address, and a weak password, and stores nobody', async () => {
    const app = await start();
    const token = await tokenOf(app);
    for (const body of [{}, { email: 'nobody' }, { email: 7 }]) {
      const { status: code, json } = await call(app, 'admin', token, body);
      expect([code, json()['error']]).toEqual([400, 'A valid email address is required']);
    }
    expect((await call(app, 'admin', token, { ...ADMIN, password: 'short' })).status).toBe(400);
    expect(await app.query('SELECT email FROM users')).toEqual([]);
  });

  it('completes at start when administrator and password are configured', async () => {
    const app = await start({ TFR_SETUP_ADMIN_EMAIL: ADMIN.email, TFR_SETUP_ADMIN_PASSWORD: PASSWORD });
    expect(app.server.setupToken).toBeUndefined();
    expect(await status(app)).toMatchObject({ setup_completed: true, admin_configured: true });
    const signIn = await app.request('/api/v1/auth/local/login', { method: 'POST', json: ADMIN });
    expect(signIn.status).toBe(200);
  });

  it('keeps the token out of the database, the log and the answers (A1, J4)', async () => {
    const app = await start({ TFR_LOGGING_LEVEL: 'debug' });
    const token = await tokenOf(app);
    await call(app, 'validate-token', token);
    await call(app, 'admin', token, ADMIN);
    await call(app, 'complete', token);
    const tables = await app.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    for (const { name } of tables) {
      const rows = await app.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      expect([name, rows.some(({ row }) => row.includes(token) || row.includes(PASSWORD))]).toEqual([
        name,
        false,
      ]);
    }
    expect(app.logged().filter((line) => line.includes(token) || line.includes(PASSWORD))).toEqual([]);
  });
});
