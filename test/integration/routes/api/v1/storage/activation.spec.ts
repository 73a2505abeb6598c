import { rename, rm, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { CacheInvalidation } from '../../../../../../src/platform/cache/cache-invalidation.js';
import { aModule } from '../../../../../support/factories/module.factory.js';
import { TestApp, type TestSettings } from '../../../../../support/test-app.js';
import { expectApiError } from '../../../support/expectations.js';
import { blobsIn, type Config, download, StorageAdmin } from './support.js';

/** Longer than what is known about the storage is kept. */
const PATIENTLY = { timeout: 10_000 };

const apps: TestApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0).reverse()) await app.stop();
});

async function start(settings: TestSettings = {}): Promise<{ app: TestApp; admin: StorageAdmin }> {
  const app = await TestApp.start(settings);
  apps.push(app);
  return { app, admin: await StorageAdmin.of(app) };
}

async function another(app: TestApp): Promise<TestApp> {
  const second = await app.another();
  apps.push(second);
  return second;
}

describe('the activation of a storage', () => {
  it('answers the configuration, and may be repeated', async () => {
    const { admin } = await start();
    const stored = await admin.added(admin.local('one', { activate: false }));
    for (let i = 0; i < 2; i += 1) {
      const answer = await admin.activate(stored.id);
      expect([answer.status, answer.json()]).toEqual([
        200,
        {
          message: 'storage configuration activated',
          config: { ...stored, is_active: true, updated_at: expect.any(String) as string },
        },
      ]);
    }
  });

  it('takes effect with the next upload and download, on every process, and old objects stay readable', async () => {
    const { app, admin } = await start();
    const second = await another(app);
    const [first, inA, inB, back] = [aModule(), aModule(), aModule(), aModule()];
    expect((await app.publishModule(first)).status).toBe(201);
    const a = await admin.added(admin.local('a', { activate: false }));
    const b = await admin.at(second).added(admin.local('b', { activate: false }));
    // Both know where objects are, so that each has something to forget.
    for (const process of [app, second]) expect((await download(process, first)).status).toBe(200);

    expect((await admin.at(second).activate(a.id)).status).toBe(200);
    expect((await second.publishModule(inA)).status).toBe(201);
    expect((await admin.activate(b.id)).status).toBe(200);
    expect((await app.publishModule(inB)).status).toBe(201);
    expect((await admin.activate(a.id)).status).toBe(200);
    expect((await app.publishModule(back)).status).toBe(201);

    const counts = ['a', 'b'].map((name) => blobsIn(admin.directory(name)).length);
    expect([blobsIn(app.config.storage.localBasePath).length, ...counts]).toEqual([1, 2, 1]);
    for (const process of [app, second]) {
      for (const module of [first, inA, inB, back]) {
        const { status, body } = await download(process, module);
        expect([status, body.equals(module.archive)]).toEqual([200, true]);
      }
    }
  });

  it('is told to the other process, whose next upload goes there', async () => {
    const { app, admin } = await start();
    const second = await another(app);
    for (const name of ['a', 'b', 'c']) {
      const heard = new Promise<void>((resolve) =>
        second.get(CacheInvalidation).onChange('settings', resolve),
      );
      await admin.added(admin.local(name));
      await heard;
      const module = aModule();
      expect((await second.publishModule(module)).status).toBe(201);
      expect(blobsIn(admin.directory(name))).toEqual([`${module.name}-aws-1.0.0.tar.gz`]);
      expect((await download(app, module)).body).toEqual(module.archive);
    }
  });

  it('leaves exactly one active of many that are asked for at once, on two processes', async () => {
    const { app, admin } = await start();
    const second = await another(app);
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      ids.push((await admin.added(admin.local(name, { activate: false }))).id);
    }
    const answers = await Promise.all(
      [...ids, ...ids].map((id, i) => admin.at(i % 2 === 0 ? app : second).activate(id)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const active = (await admin.list()).filter((one) => one.is_active);
    expect(active).toHaveLength(1);
    expect((await admin.at(second).request('/config')).json()).toEqual(active[0]);
  });

  it('loses nothing that is published meanwhile', async () => {
    const { app, admin } = await start({ TFR_DATABASE_MAX_CONNECTIONS: '20' });
    const second = await another(app);
    const ids: string[] = [];
    for (const name of ['a', 'b']) ids.push((await admin.added(admin.local(name, { activate: false }))).id);
    let isOver = false;
    const switching = (async () => {
      for (let i = 0; !isOver; i += 1) {
        expect((await admin.at(i % 2 === 0 ? app : second).activate(ids[i % 2]!)).status).toBe(200);
      }
    })();
    const modules = Array.from({ length: 24 }, () => aModule());
    const answers = await Promise.all(
      modules.map((module, i) => (i % 2 === 0 ? app : second).publishModule(module)),
    );
    isOver = true;
    await switching;
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    for (const process of [app, second]) {
      for (const module of modules) expect((await download(process, module)).body).toEqual(module.archive);
    }
  });

  it('refuses a storage that stopped working, and keeps the one that works', async () => {
    const { app, admin } = await start();
    const stored = await admin.added(admin.local('gone', { activate: false }));
    const file = await admin.added(admin.local('works'));
    await rm(admin.directory('gone'), { recursive: true, force: true });
    await writeFile(admin.directory('gone'), 'a file now');
    const answer = await admin.activate(stored.id);
    expectApiError(answer, 400, /check that it is one/, {
      fields: { local_base_path: expect.any(String) as string },
    });
    expect((await admin.request('/config')).json<Config>().id).toBe(file.id);
    expect((await app.publishModule(aModule())).status).toBe(201);
  });
});

describe('readiness', () => {
  it('asks the storage that is active', async () => {
    const { app, admin } = await start();
    await admin.added(admin.local('a'));
    expect((await app.request('/ready')).status).toBe(200);
    await rename(admin.directory('a'), admin.directory('away'));
    const readiness = async () => (await app.request('/ready')).json();
    const unhealthy = { ready: false, checks: { database: 'healthy', storage: 'unhealthy' } };
    await expect.poll(readiness, PATIENTLY).toMatchObject(unhealthy);
    await admin.added(admin.local('b'));
    await expect.poll(readiness, PATIENTLY).toMatchObject({ ready: true });
  });
});

describe('with storage.config_source = file', () => {
  it('stored configurations have no effect and cannot be changed', async () => {
    const { app, admin } = await start({ TFR_STORAGE_CONFIG_SOURCE: 'file' });
    const id = '6f1f1d0e-4d0f-4b7e-9c39-2f6b5a4f2c11';
    await app.query(
      `INSERT INTO storage_configurations (id, backend_type, settings, is_active) VALUES ($1, 'local', $2, true)`,
      [id, { basePath: admin.directory('stored'), serveDirectly: true }],
    );
    for (const answer of [
      await admin.add(admin.local('new')),
      await admin.put(id, admin.local('new')),
      await admin.activate(id),
      await admin.remove(id),
    ]) {
      expectApiError(
        answer,
        409,
        'The storage is configured by the operator alone (storage.config_source is file)',
      );
    }
    expectApiError(await admin.request('/config'), 404, 'no active storage configuration');
    expect(await admin.list()).toEqual([expect.objectContaining({ id, is_active: false })]);
    const module = aModule();
    expect((await app.publishModule(module)).status).toBe(201);
    expect(blobsIn(app.config.storage.localBasePath)).toHaveLength(1);
    expect((await admin.test(admin.local('tested'))).status).toBe(200);
  });
});
