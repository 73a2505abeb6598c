import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { request } from '../support/http-request.js';
import { RegistryProcess } from '../support/server-process.js';

const SECRETS = {
  ENCRYPTION_KEY: 'hex:00112233445566778899aabbccddeeff0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  TFR_JWT_SECRET: 'only-for-tests-and-long-enough-8f3a1c',
};

describe('the command line', () => {
  let database: TestDatabase;
  let registry: RegistryProcess;

  beforeAll(async () => {
    database = await createTestDatabase({ empty: true });
    registry = await RegistryProcess.prepare({ env: { TFR_DATABASE_URL: database.url, ...SECRETS } });
  });

  afterAll(async () => {
    await registry.dispose();
    await database.drop();
  });

  it('applies, lists, reverts and applies migrations again', async () => {
    expect((await registry.command('migrate', 'status')).stdout).toMatch(/^pending {2}InitialSchema/);
    expect((await registry.command('migrate', 'up')).stdout).toContain('applied InitialSchema');
    expect((await registry.command('migrate', 'up')).stdout).toBe('The schema is up to date.\n');
    expect((await registry.command('migrate', 'down')).stdout).toMatch(/^reverted /);
    expect((await registry.command('migrate', 'status')).stdout).toMatch(/pending {2}\w+\n$/);
    expect((await registry.command('migrate', 'up')).status).toBe(0);
  });

  it('prints a new key and nothing else, and revokes it by itself', async () => {
    const made = await registry.command('keys', 'create', '--name', 'ci', '--scopes', 'modules:write');
    expect(made.status).toBe(0);
    expect(made.stdout).toMatch(/^tfr_[A-Za-z0-9_-]{43}\n$/);
    expect(made.stderr).not.toContain('WARN');
    const revoked = await registry.command('keys', 'revoke', made.stdout.trim());
    expect(revoked.stderr).toContain('is revoked');
    expect(revoked.stderr + revoked.stdout).not.toContain(made.stdout.trim());
  });

  it('ends with a sentence when the encryption key is another one', async () => {
    const ENCRYPTION_KEY = 'hex:ff112233445566778899aabbccddeeff0f1e2d3c4b5a69788796a5b4c3d2e1ff';
    const env = { TFR_DATABASE_URL: database.url, ...SECRETS, ENCRYPTION_KEY };
    const stranger = await RegistryProcess.prepare({ env });
    try {
      const refused = await stranger.command('keys', 'list');
      expect(refused.status).toBe(2);
      expect(refused.stderr).toContain('Start the server with the encryption key it was stored with');
    } finally {
      await stranger.dispose();
    }
  });

  it('makes an administrator, and ends the first-run setup with it', async () => {
    const made = await registry.command('users', 'create-admin', 'admin@example.com');
    expect(made).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\S{12,}\n$/) as unknown });
    expect(made.stderr).toContain('The first-run setup is complete');
    const again = await registry.command('users', 'create-admin', 'second@example.com');
    expect(again.stderr).not.toContain('setup');
  });

  it('says which scope it does not know, with status 2', async () => {
    const refused = await registry.command('keys', 'create', '--name', 'ci', '--scopes', 'modules:publish');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('invalid scope: modules:publish');
  });

  it('checks and prints the configuration without showing secrets', async () => {
    const checked = await registry.command('config', 'check');
    expect(checked).toMatchObject({ status: 0, stdout: 'The configuration can be used.\n' });
    const printed = await registry.command('config', 'print');
    expect(printed.stdout).toContain('server.port');
    expect(printed.stdout).toContain('***');
    expect(printed.stdout).not.toContain(SECRETS.TFR_JWT_SECRET);
  });

  it('verifies an empty storage', async () => {
    expect(await registry.command('verify')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('nothing wrong') as string,
    });
  });

  it('shows how it is used, with status 2 for a command that does not exist', async () => {
    const unknown = await registry.command('publish');
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toContain('keys create --name NAME');
  });
});

describe('a server with a wrong configuration', () => {
  it('reports all problems together and ends with status 2', async () => {
    const registry = await RegistryProcess.prepare({
      env: { TFR_SERVER_READ_TIMEOUT: 'soon', TFR_DATABASE_PORT: '0', TFR_UPLOADS_MAX_CONCURRENT: 'many' },
    });
    const refused = await registry.launch().catch((error: Error) => error.message);
    expect(refused).toContain('3 problems');
    for (const key of ['server.read_timeout', 'database.port', 'uploads.max_concurrent']) {
      expect(refused).toContain(key);
    }
    expect(registry.output).not.toContain('    at ');
    await registry.dispose();
  });
});

describe('a second server on the same data directory', () => {
  it('is refused with a sentence, and the first one goes on', async () => {
    const first = await RegistryProcess.start();
    const second = await RegistryProcess.prepare({
      env: { TFR_DATABASE_URL: `embedded:${first.directory}/data/db` },
    });
    const refused = await second.launch().catch((error: Error) => error.message);
    expect(refused).toContain('already used by another registry process');
    expect((await request(`${first.url}/ready`)).status).toBe(200);
    await second.dispose();
    await first.dispose();
  });
});

describe('a server whose port is taken', () => {
  it('names the setting to change', async () => {
    const first = await RegistryProcess.start();
    const second = await RegistryProcess.prepare();
    const refused = await second
      .launch({ env: { TFR_SERVER_PORT: String(first.port) } })
      .catch((error: Error) => error.message);
    expect(refused).toContain('Choose another one with TFR_SERVER_PORT');
    await second.dispose();
    await first.dispose();
  });
});
