import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aModule,
  archiveOf,
  moduleApiPath,
  moduleProtocolPath,
} from '../../../../../support/factories/module.factory.js';
import { uniqueName } from '../../../../../support/factories/names.js';
import { TestApp } from '../../../../../support/test-app.js';
import { expectApiError, expectProtocolError, sha256 } from '../../../support/expectations.js';

describe('deleting modules and their versions', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app?.stop());

  const remove = (path: string, key: string | undefined = app.publisherKey) =>
    app.request(path, { method: 'DELETE', key });
  const versionsOf = async (module: { namespace: string; name: string; system: string }) => {
    const answer = await app.request(`${moduleProtocolPath(module)}/versions`, { lean: true });
    return answer
      .json<{ modules: [{ versions: { version: string }[] }] }>()
      .modules[0].versions.map(({ version }) => version);
  };

  it('turns a version into a tombstone that nobody sees', async () => {
    const module = aModule();
    await app.publishModule(module);
    await app.publishModule({ ...module, version: '1.1.0' });
    const answer = await remove(`${moduleApiPath(module)}/versions/v1.0`);
    expect(answer.status).toBe(200);
    const { namespace, name, system } = module;
    expect(answer.json()).toEqual({
      message: 'Version deleted successfully',
      namespace,
      name,
      system,
      version: '1.0.0',
    });
    expect(await versionsOf(module)).toEqual(['1.1.0']);
    for (const lean of [true, false]) {
      const download = await app.request(`${moduleProtocolPath(module)}/1.0.0/download`, { lean });
      expectProtocolError(download, 404, 'Module version not found');
    }
    const detail = (await app.request(moduleApiPath(module))).json<{ versions: { version: string }[] }>();
    expect(detail.versions.map(({ version }) => version)).toEqual(['1.1.0']);
    const [row] = await app.query(
      `SELECT state, digest, deleted_by_name, deleted_at IS NOT NULL AS dated, artifact_id FROM module_versions
       WHERE version = '1.0.0' AND module_id = (SELECT id FROM registry_modules WHERE name = $1)`,
      [name],
    );
    expect(row).toEqual({
      state: 'deleted',
      digest: sha256(module.archive),
      deleted_by_name: 'ci',
      dated: true,
      artifact_id: null,
    });
    expectApiError(await remove(`${moduleApiPath(module)}/versions/1.0.0`), 404, 'Version not found');
  });

  it('leaves an empty module when the last version goes (checklist 43)', async () => {
    const module = aModule();
    await app.publishModule(module);
    await remove(`${moduleApiPath(module)}/versions/1.0.0`);
    expect(await versionsOf(module)).toEqual([]);
    expect((await app.request(moduleApiPath(module))).json()).toMatchObject({ latest_version: '' });
  });

  it('refuses other bytes under a deleted number, and takes the same bytes back (checklist 88)', async () => {
    const module = aModule();
    const { version_id: id } = (await app.publishModule(module)).json();
    const deprecate = `${moduleApiPath(module)}/versions/1.0.0/deprecate`;
    await app.request(deprecate, { method: 'POST', key: app.publisherKey });
    await remove(`${moduleApiPath(module)}/versions/1.0.0`);
    const other = await app.publishModule({ ...module, archive: archiveOf('other bytes') });
    expectApiError(other, 409, 'Version 1.0.0 was deleted and cannot be published with other content', {
      checksum: sha256(module.archive),
    });
    expect(await versionsOf(module)).toEqual([]);

    const again = await app.publishModule(module);
    expect(again.status).toBe(201);
    expect(again.json()).toMatchObject({ version_id: id, checksum: sha256(module.archive) });
    const location = await app.request(`${moduleProtocolPath(module)}/1.0.0/download`, { lean: true });
    const file = await app.fetchLink(String(location.headers['x-terraform-get']));
    expect(file.body.equals(module.archive)).toBe(true);
    const detail = await app.request(moduleApiPath(module));
    expect(detail.json()).toMatchObject({ versions: [{ version: '1.0.0', deprecated: false }] });
  });

  it('deletes a whole module, keeps the claim and every number (checklist 88)', async () => {
    const module = aModule({ namespace: uniqueName('gone') });
    await app.publishModule(module);
    await app.publishModule({ ...module, version: '1.1.0' });
    const answer = await remove(moduleApiPath(module));
    expect(answer.status).toBe(200);
    const { namespace, name, system } = module;
    expect(answer.json()).toEqual({ message: 'Module deleted successfully', namespace, name, system });
    for (const lean of [true, false]) {
      for (const rest of ['versions', '1.0.0/download', '1.1.0/download']) {
        const gone = await app.request(`${moduleProtocolPath(module)}/${rest}`, { lean });
        expectProtocolError(gone, 404, 'Module not found');
      }
    }
    expectApiError(await app.request(moduleApiPath(module)), 404, 'Module not found');
    expectApiError(await remove(moduleApiPath(module)), 404, 'Module not found');
    const claims = await app.query('SELECT 1 FROM namespace_claims WHERE name = $1', [namespace]);
    expect(claims).toHaveLength(1);

    const other = await app.publishModule({ ...module, archive: archiveOf('other bytes') });
    expect(other.status).toBe(409);
    expectApiError(await app.request(moduleApiPath(module)), 404, 'Module not found');
    expect((await app.publishModule(module)).status).toBe(201);
    expect(await versionsOf(module)).toEqual(['1.0.0']);
    expect((await app.publishModule({ ...module, version: '2.0.0' })).status).toBe(201);
    expect(await versionsOf(module)).toEqual(['2.0.0', '1.0.0']);
  });

  it('keeps the object of a deleted version while another version has the same bytes under its own name', async () => {
    const module = aModule();
    await app.publishModule(module);
    await app.publishModule({ ...module, version: '1.1.0' });
    await remove(`${moduleApiPath(module)}/versions/1.0.0`);
    const location = await app.request(`${moduleProtocolPath(module)}/1.1.0/download`, { lean: true });
    expect((await app.fetchLink(String(location.headers['x-terraform-get']))).status).toBe(200);
  });

  it('survives deletion and publication of one version at the same time', async () => {
    const module = aModule();
    await app.publishModule(module);
    for (let round = 0; round < 10; round += 1) {
      const [removed, published] = await Promise.all([
        remove(`${moduleApiPath(module)}/versions/1.0.0`),
        app.publishModule(module),
      ]);
      expect([200, 404]).toContain(removed.status);
      expect([201, 409]).toContain(published.status);
      const isThere = (await versionsOf(module)).length === 1;
      const download = await app.request(`${moduleProtocolPath(module)}/1.0.0/download`, { lean: true });
      expect(download.status).toBe(isThere ? 204 : 404);
      if (!isThere) expect((await app.publishModule(module)).status).toBe(201);
    }
  });

  it('needs modules:write', async () => {
    const module = aModule();
    await app.publishModule(module);
    const reader = await app.issueKey('modules:read');
    for (const path of [moduleApiPath(module), `${moduleApiPath(module)}/versions/1.0.0`]) {
      const anonymous = await app.request(path, { method: 'DELETE' });
      expectApiError(anonymous, 401, 'Missing authorization header');
      expectApiError(await remove(path, reader), 403, 'Missing required scope', {
        details: 'Required scope: modules:write',
      });
    }
    expect(await versionsOf(module)).toEqual(['1.0.0']);
  });

  it('says 404 for what does not exist and 400 for a bad version', async () => {
    const module = aModule();
    await app.publishModule(module);
    expectApiError(await remove('/api/v1/modules/acme/nothing/aws'), 404, 'Module not found');
    expectApiError(await remove('/api/v1/modules/nobody/nothing/aws'), 404, 'Module not found');
    expectApiError(await remove('/api/v1/modules/acme/nothing/aws/versions/1.0.0'), 404, 'Module not found');
    expectApiError(await remove(`${moduleApiPath(module)}/versions/9.9.9`), 404, 'Version not found');
    const bad = await remove(`${moduleApiPath(module)}/versions/x`);
    expect(bad.status).toBe(400);
  });

  it('lets a number be used again with other bytes where publishing.allow_republish is on', async () => {
    const lenient = await TestApp.start({ TFR_PUBLISHING_ALLOW_REPUBLISH: 'true' });
    try {
      const module = aModule();
      const other = archiveOf('other bytes');
      await lenient.publishModule(module);
      const early = await lenient.publishModule({ ...module, archive: other });
      expect(early.status, 'not while it is there').toBe(409);
      const path = `${moduleApiPath(module)}/versions/1.0.0`;
      await lenient.request(path, { method: 'DELETE', key: lenient.publisherKey });
      const again = await lenient.publishModule({ ...module, archive: other });
      expect(again.status).toBe(201);
      expect(again.json()['checksum']).toBe(sha256(other));
      const download = `${moduleProtocolPath(module)}/1.0.0/download`;
      const location = await lenient.request(download, { lean: true });
      const file = await lenient.fetchLink(String(location.headers['x-terraform-get']));
      expect(file.body.equals(other)).toBe(true);
    } finally {
      await lenient.stop();
    }
  });
});
