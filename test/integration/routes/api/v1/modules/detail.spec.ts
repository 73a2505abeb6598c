import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aModule, archiveOf, moduleApiPath } from '../../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { anUuid, aTime, expectApiError, sha256 } from '../../../support/expectations.js';

describe('GET /api/v1/modules/{namespace}/{name}/{system}', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app?.stop());

  it('has every field, versions newest first, null where nothing is known', async () => {
    const module = aModule();
    await app.publishModule(module);
    const newer = archiveOf('newer');
    await app.publishModule({ ...module, version: '1.10.0', archive: newer });
    const answer = await app.request(moduleApiPath(module));
    expect(answer.status).toBe(200);
    const version = (text: string, archive: Buffer) => ({
      id: anUuid,
      version: text,
      size_bytes: archive.length,
      checksum: sha256(archive),
      download_count: 0,
      created_at: aTime,
      published_at: aTime,
      published_by_name: 'ci',
      deprecated: false,
      state: 'active',
    });
    expect(answer.json()).toEqual({
      id: anUuid,
      organization_id: anUuid,
      organization_name: 'default',
      namespace: 'acme',
      name: module.name,
      system: 'aws',
      description: null,
      source: null,
      download_count: 0,
      created_by: null,
      created_by_name: 'ci',
      latest_version: '1.10.0',
      versions: [version('1.10.0', newer), version('1.0.0', module.archive)],
      created_at: aTime,
      updated_at: aTime,
    });
  });

  it('names as latest the highest stable version that is not deprecated', async () => {
    const module = aModule();
    const latest = async () => (await app.request(moduleApiPath(module))).json()['latest_version'];
    const publish = async (version: string) =>
      expect((await app.publishModule({ ...module, version })).status).toBe(201);
    const mark = (version: string, method: string) =>
      app.request(`${moduleApiPath(module)}/versions/${version}/deprecate`, {
        method,
        key: app.publisherKey,
      });
    await publish('2.0.0-beta.1');
    expect(await latest()).toBe('2.0.0-beta.1');
    await publish('1.0.0');
    expect(await latest()).toBe('1.0.0');
    await publish('1.1.0');
    expect(await latest()).toBe('1.1.0');
    await mark('1.1.0', 'POST');
    expect(await latest()).toBe('1.0.0');
    await mark('1.0.0', 'POST');
    expect(await latest()).toBe('1.1.0');
    await mark('1.0.0', 'DELETE');
    await app.request(`${moduleApiPath(module)}/versions/1.1.0`, { method: 'DELETE', key: app.publisherKey });
    expect(await latest()).toBe('1.0.0');
  });

  it('has "" as latest version and no versions before the first one', async () => {
    const { namespace, name, system } = aModule();
    const json = { namespace, name, system };
    await app.request('/api/v1/admin/modules/create', { method: 'POST', key: app.publisherKey, json });
    const answer = await app.request(moduleApiPath(json));
    expect(answer.json()).toMatchObject({ latest_version: '', versions: [], download_count: 0 });
  });

  it('says 404 for what does not exist, as an API error', async () => {
    for (const path of ['acme/nothing/aws', 'nobody/nothing/aws']) {
      expectApiError(await app.request(`/api/v1/modules/${path}`), 404, 'Module not found');
    }
  });

  it('answers HEAD, and says that an answer to a credential is not to be stored', async () => {
    const module = aModule();
    await app.publishModule(module);
    const head = await app.request(moduleApiPath(module), { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    const personal = await app.request(moduleApiPath(module), { key: app.publisherKey });
    expect(personal.headers['cache-control']).toBe('no-store');
  });
});
