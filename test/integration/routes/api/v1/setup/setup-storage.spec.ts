import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { aModule } from '../../../../../support/factories/module.factory.js';
import { TestApp, type TestSettings } from '../../../../../support/test-app.js';
import { anUuid, aTime, expectApiError } from '../../../support/expectations.js';
import { blobsIn, type Config, download, filesIn, StorageAdmin } from '../storage/support.js';

const ADMIN = { email: 'admin@example.com', password: 'correct horse battery' };
const FILE_ID = '00000000-0000-0000-0000-000000000000';

describe('the storage step of the setup', () => {
  const apps: TestApp[] = [];
  afterEach(async () => {
    for (const app of apps.splice(0).reverse()) await app.stop();
  });

  const start = async (settings: TestSettings = {}) => {
    const app = await TestApp.start(settings);
    apps.push(app);
    return { app, admin: await StorageAdmin.of(app) };
  };
  const call = (app: TestApp, step: string, json: object) =>
    app.request(`/api/v1/setup/${step}`, {
      method: 'POST',
      json,
      headers: { authorization: `SetupToken ${app.server.setupToken}` },
    });
  const status = async (app: TestApp) => (await app.request('/api/v1/setup/status')).json();

  it('confirms the storage of file and environment, which needs no configuration', async () => {
    const { app, admin } = await start();
    const { localBasePath } = app.config.storage;
    for (const more of [{}, { local_base_path: localBasePath }, { local_base_path: '' }]) {
      const body = { backend_type: 'local', ...more };
      expect((await call(app, 'storage/test', body)).json()).toMatchObject({ success: true });
      const answer = await call(app, 'storage', body);
      expect([answer.status, answer.json()]).toEqual([
        200,
        {
          message: expect.any(String) as string,
          config: {
            id: FILE_ID,
            backend_type: 'local',
            is_active: true,
            local_base_path: localBasePath,
            local_serve_directly: true,
            azure_account_key_set: false,
            s3_access_key_id_set: false,
            s3_secret_access_key_set: false,
            gcs_credentials_json_set: false,
            created_at: aTime,
            updated_at: aTime,
          },
        },
      ]);
    }
    expect(await admin.list()).toEqual([]);
    expect(filesIn(localBasePath)).toEqual([]);
  });

  it('stores and uses another one from that moment on, on every process', async () => {
    const { app, admin } = await start();
    const second = await app.another();
    apps.push(second);
    const body = admin.local('chosen');
    expect((await call(app, 'storage/test', body)).json()).toMatchObject({ success: true });
    expect(await admin.list()).toEqual([]);
    const answer = await call(app, 'storage', body);
    expect(answer.json()).toMatchObject({
      config: { id: anUuid, is_active: true, local_base_path: admin.directory('chosen') },
    });
    const module = aModule();
    expect((await app.publishModule(module)).status).toBe(201);
    expect(blobsIn(admin.directory('chosen'))).toHaveLength(1);
    for (const process of [app, second]) {
      expect((await download(process, module)).body).toEqual(module.archive);
    }
    await call(app, 'admin', ADMIN);
    expect((await call(app, 'complete', {})).status).toBe(200);
    expect(await status(app)).toMatchObject({ setup_completed: true, storage_configured: true });
  });

  it('may be repeated, and taken back', async () => {
    const { app, admin } = await start();
    const first = (await call(app, 'storage', admin.local('chosen'))).json<{ config: Config }>();
    const again = (await call(app, 'storage', admin.local('chosen'))).json<{ config: Config }>();
    expect(again.config.id).toBe(first.config.id);
    const other = (await call(app, 'storage', admin.local('other'))).json<{ config: Config }>();
    expect((await admin.request('/config')).json<Config>().id).toBe(other.config.id);
    expect((await call(app, 'storage', { backend_type: 'local' })).status).toBe(200);
    expect((await admin.request('/config')).status).toBe(404);
    expect(await admin.list()).toHaveLength(2);
  });

  it('tells a test that failed from input that is wrong', async () => {
    const { app, admin } = await start();
    await mkdir(admin.directory(''), { recursive: true });
    await writeFile(admin.directory('occupied'), 'a file');
    const broken = admin.local('occupied');
    const tested = await call(app, 'storage/test', broken);
    expect([tested.status, tested.json()]).toEqual([
      200,
      { success: false, message: expect.stringContaining('check that it is one') as string },
    ]);
    expectApiError(await call(app, 'storage', broken), 400, /check that it is one/, {
      fields: { local_base_path: expect.any(String) as string },
    });
    const wrong = [
      { backend_type: 'local', local_base_path: join(dirname(admin.directory('')), 'elsewhere') },
      { backend_type: 's3' },
      { backend_type: 'tape' },
      {},
    ];
    for (const body of wrong) {
      for (const step of ['storage/test', 'storage']) {
        const answer = await call(app, step, body);
        expect([answer.status, Object.keys(answer.json())]).toEqual([
          400,
          expect.arrayContaining(['error', 'fields']),
        ]);
      }
    }
    expect(await admin.list()).toEqual([]);
  });

  it('leaves the storage to the operator where the operator says so', async () => {
    const { app, admin } = await start({ TFR_STORAGE_CONFIG_SOURCE: 'file' });
    expectApiError(
      await call(app, 'storage', admin.local('chosen')),
      409,
      /configured by the operator alone/,
    );
    expect((await call(app, 'storage', { backend_type: 'local' })).status).toBe(200);
    expect(await admin.list()).toEqual([]);
  });

  it('is open while the storage in use does not work, and cannot be passed over', async () => {
    const { app, admin } = await start();
    await call(app, 'storage', admin.local('chosen'));
    expect(await status(app)).toMatchObject({ storage_configured: true });
    await call(app, 'admin', ADMIN);
    await rename(admin.directory('chosen'), admin.directory('away'));
    await expect.poll(() => status(app), { timeout: 10_000 }).toMatchObject({ storage_configured: false });
    const answer = await call(app, 'complete', {});
    expect([answer.status, answer.json()]).toEqual([
      400,
      expect.objectContaining({ missing: ['storage backend'] }),
    ]);
  });
});
