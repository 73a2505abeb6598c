import { randomUUID } from 'node:crypto';
import { cp } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aModule } from '../../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { anUuid, aTime, expectApiError } from '../../../support/expectations.js';
import { blobsIn, type Config, filesIn, StorageAdmin, STORAGE } from './support.js';

let app: TestApp;
let admin: StorageAdmin;
beforeAll(async () => {
  app = await TestApp.start();
  admin = await StorageAdmin.of(app);
});
afterAll(() => app?.stop());

const NO_SECRETS = {
  azure_account_key_set: false,
  s3_access_key_id_set: false,
  s3_secret_access_key_set: false,
  gcs_credentials_json_set: false,
};
const NOBODY = randomUUID();

describe('the storage configuration in use', () => {
  it('is none while that of file and environment is', async () => {
    expectApiError(await admin.request('/config'), 404, 'no active storage configuration');
    expect(await admin.list()).toEqual([]);
  });
});

describe('adding a storage configuration', () => {
  it('answers what is stored, active unless it is not to be', async () => {
    const answer = await admin.add(admin.local('first', { s3_bucket: 'ignored', unknown: 1 }));
    expect(answer.status).toBe(201);
    expect(answer.json()).toEqual({
      id: anUuid,
      backend_type: 'local',
      is_active: true,
      local_base_path: admin.directory('first'),
      local_serve_directly: true,
      ...NO_SECRETS,
      created_at: aTime,
      updated_at: aTime,
    });
    const active = await admin.request('/config');
    expect([active.status, active.json()]).toEqual([200, answer.json()]);
    const spare = await admin.added(admin.local('spare', { activate: false }));
    expect(spare.is_active).toBe(false);
    expect((await admin.request('/config')).json()).toEqual(answer.json());
  });

  it('leaves nothing of its test in the storage', async () => {
    await admin.added(admin.local('clean', { activate: false }));
    expect(filesIn(admin.directory('clean'))).toEqual([]);
  });

  it('lists the active one first, then the newest', async () => {
    const older = await admin.added(admin.local('older', { activate: false }));
    const newer = await admin.added(admin.local('newer', { activate: null }));
    const newest = await admin.added(admin.local('newest', { activate: false }));
    const ids = (await admin.list()).map(({ id }) => id);
    expect(ids.slice(0, 3)).toEqual([newer.id, newest.id, older.id]);
    expect((await admin.list()).filter(({ is_active }) => is_active)).toHaveLength(1);
  });

  it('refuses what is missing or wrong, by field, and stores nothing', async () => {
    const before = await admin.list();
    const refused: [object, string[]][] = [
      [{}, ['backend_type']],
      [{ backend_type: 'ftp' }, ['backend_type']],
      [{ backend_type: 'local' }, ['local_base_path']],
      [{ backend_type: 'local', local_base_path: '/etc' }, ['local_base_path']],
      [{ backend_type: 's3', s3_region: 7 }, ['s3_region']],
      [{ backend_type: 's3', s3_force_path_style: 'yes' }, ['s3_force_path_style']],
      [
        { backend_type: 's3', s3_auth_method: 'static' },
        ['s3_bucket', 's3_region', 's3_access_key_id', 's3_secret_access_key'],
      ],
      [
        { backend_type: 'azure', azure_access_tier: 'Archive' },
        ['azure_access_tier', 'azure_account_name', 'azure_container_name', 'azure_account_key'],
      ],
      [{ backend_type: 'gcs' }, ['gcs_bucket']],
    ];
    for (const [body, fields] of refused) {
      const answer = await admin.add(body);
      expect([body, answer.status]).toEqual([body, 400]);
      const { error, fields: found } = answer.json<{ error: string; fields: Record<string, string> }>();
      expect(error).not.toBe('');
      expect(Object.keys(found).sort()).toEqual([...fields].sort());
    }
    expect(await admin.list()).toEqual(before);
  });

  it('refuses a storage that does not work, and says what to change', async () => {
    const before = await admin.list();
    const closed = {
      ...{ backend_type: 's3', s3_bucket: 'registry', s3_region: 'eu-central-1' },
      ...{ s3_access_key_id: 'AKIATESTONLY', s3_secret_access_key: 'test-only-secret' },
      s3_endpoint: 'http://10.255.255.1:9000',
    };
    const answer = await admin.add(closed);
    expectApiError(answer, 400, /security\.egress\.allowlist/, {
      fields: { s3_endpoint: expect.stringContaining('may not be reached') as string },
    });
    expect(await admin.list()).toEqual(before);
    expect(app.logged().join('\n')).not.toMatch(/test-only-secret/);
  });

  it('refuses a place where another storage of the registry is, by whatever name', async () => {
    await admin.added(admin.local('taken', { activate: false }));
    for (const name of ['taken', './taken', 'elsewhere/../taken']) {
      expectApiError(await admin.add(admin.local(name)), 409, /at the same place/);
    }
    const ofFile = { backend_type: 'local', local_base_path: app.config.storage.localBasePath };
    expectApiError(await admin.add(ofFile), 409, /at the same place \(local\)/);
  });

  it('keeps one of those that are added for the same place at the same moment', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => admin.add(admin.local('race'))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });
});

describe('one storage configuration', () => {
  it('is found by its id, in any case', async () => {
    const stored = await admin.added(admin.local('found', { activate: false }));
    for (const id of [stored.id, stored.id.toUpperCase()]) {
      const answer = await admin.request(`/configs/${id}`);
      expect([answer.status, answer.json()]).toEqual([200, stored]);
    }
  });

  it('is absent under another id, and none under what is no id', async () => {
    const calls = [
      (id: string) => admin.request(`/configs/${id}`),
      (id: string) => admin.put(id, admin.local('nobody')),
      (id: string) => admin.remove(id),
      (id: string) => admin.activate(id),
    ];
    for (const call of calls) {
      expectApiError(await call(NOBODY), 404, 'storage configuration not found');
      expectApiError(await call('7'), 400, 'invalid configuration ID');
    }
  });
});

describe('changing a storage configuration', () => {
  it('keeps what is absent', async () => {
    const stored = await admin.added(admin.local('kept', { activate: false }));
    const answer = await admin.put(stored.id, { backend_type: 'local' });
    expect([answer.status, answer.json()]).toEqual([
      200,
      { ...stored, updated_at: expect.not.stringMatching(stored.updated_at) as string },
    ]);
  });

  it('may move one that holds nothing, also when it is active', async () => {
    const stored = await admin.added(admin.local('before'));
    const answer = await admin.put(stored.id, admin.local('after'));
    expect(answer.json()).toMatchObject({ is_active: true, local_base_path: admin.directory('after') });
    expect(filesIn(admin.directory('after'))).toEqual([]);
  });

  it('refuses what the rules refuse, and the place of another one', async () => {
    const stored = await admin.added(admin.local('changed', { activate: false }));
    const other = await admin.added(admin.local('other', { activate: false }));
    const wrong = await admin.put(stored.id, { backend_type: 'local', local_base_path: '/etc' });
    expect(wrong.json()).toMatchObject({ fields: { local_base_path: expect.any(String) as string } });
    expect(wrong.status).toBe(400);
    const cleared = await admin.put(stored.id, { backend_type: 'local', local_base_path: '' });
    expect(cleared.status).toBe(400);
    expectApiError(
      await admin.put(stored.id, { backend_type: 'local', local_base_path: other['local_base_path'] }),
      409,
      /at the same place/,
    );
    expect((await admin.request(`/configs/${stored.id}`)).json()).toEqual(stored);
  });

  it('refuses another kind of backend while the configuration is active', async () => {
    const stored = await admin.added(admin.local('typed'));
    expectApiError(
      await admin.put(stored.id, { backend_type: 's3', s3_bucket: 'b', s3_region: 'r' }),
      400,
      'cannot change backend type of active configuration; create a new configuration instead',
      { fields: { backend_type: expect.any(String) as string } },
    );
  });

  it('refuses to lead away from objects', async () => {
    const stored = await admin.added(admin.local('holding'));
    const module = aModule();
    expect((await app.publishModule(module)).status).toBe(201);
    expectApiError(await admin.put(stored.id, admin.local('empty')), 409, /^1 object is stored with this/);
    await cp(admin.directory('holding'), admin.directory('copy'), { recursive: true });
    expect((await admin.put(stored.id, admin.local('copy'))).status).toBe(200);
  });

  it('refuses a change that was made of what is not there any more', async () => {
    const stored = await admin.added(admin.local('twice', { activate: false }));
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, i) => admin.put(stored.id, admin.local(`twice-${i}`))),
    );
    const [made, refused] = [200, 409].map((status) => answers.filter((answer) => answer.status === status));
    expect(made!.length + refused!.length).toBe(4);
    for (const answer of refused!) expectApiError(answer, 409, /changed by somebody else/);
    const present = (await admin.request(`/configs/${stored.id}`)).json<Config>();
    expect(made!.map((answer) => answer.json<Config>())).toContainEqual(present);
  });
});

describe('deleting a storage configuration', () => {
  it('takes out one that is not active and holds nothing', async () => {
    const stored = await admin.added(admin.local('deleted', { activate: false }));
    const answer = await admin.remove(stored.id);
    expect([answer.status, answer.json()]).toEqual([200, { message: 'storage configuration deleted' }]);
    expect((await admin.request(`/configs/${stored.id}`)).status).toBe(404);
  });

  it('refuses the active one', async () => {
    const stored = await admin.added(admin.local('active'));
    expectApiError(await admin.remove(stored.id), 400, 'cannot delete the active storage configuration');
  });

  it('refuses one that holds objects, and says how many', async () => {
    const stored = await admin.added(admin.local('full'));
    for (let i = 0; i < 2; i += 1) expect((await app.publishModule(aModule())).status).toBe(201);
    await admin.added(admin.local('next'));
    expectApiError(await admin.remove(stored.id), 409, /^2 objects are still stored/);
    expect(blobsIn(admin.directory('full'))).toHaveLength(2);
  });
});

describe('testing what is not stored', () => {
  it('says that it works, and stores nothing', async () => {
    const before = await admin.list();
    const answer = await admin.test(admin.local('tested'));
    expect([answer.status, answer.json()]).toEqual([
      200,
      { success: true, message: expect.any(String) as string },
    ]);
    expect(filesIn(admin.directory('tested'))).toEqual([]);
    expect(await admin.list()).toEqual(before);
  });

  it('says twice why it does not', async () => {
    const { status, json } = await admin.test({ backend_type: 'local', local_base_path: '/etc' });
    const { error } = json<{ error: string }>();
    expect([status, json()]).toEqual([
      400,
      {
        success: false,
        message: error,
        error,
        code: 'storage_test_failed',
        fields: { local_base_path: expect.any(String) as string },
      },
    ]);
  });
});

describe('who may', () => {
  it('is platform administrators and nobody else', async () => {
    const other = await app.issueKey('modules:write,organizations:read');
    const routes: [string, string][] = [
      ['GET', '/config'],
      ['GET', '/configs'],
      ['POST', '/configs'],
      ['POST', '/configs/test'],
      ['GET', `/configs/${NOBODY}`],
      ['PUT', `/configs/${NOBODY}`],
      ['DELETE', `/configs/${NOBODY}`],
      ['POST', `/configs/${NOBODY}/activate`],
    ];
    for (const [method, path] of routes) {
      expect([path, (await app.request(`${STORAGE}${path}`, { method })).status]).toEqual([path, 401]);
      expect([path, (await app.request(`${STORAGE}${path}`, { method, key: other })).status]).toEqual([
        path,
        403,
      ]);
    }
  });
});
