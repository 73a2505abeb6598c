import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packZip, testSigner } from '../../../../../support/build-fixtures.js';
import { uniqueName } from '../../../../../support/factories/names.js';
import {
  aProvider,
  aSignedRelease,
  oneOf,
  onPlatform,
  providerApiPath,
  providerProtocolPath,
} from '../../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { expectApiError, expectProtocolError, sha256 } from '../../../support/expectations.js';
import { serveRelease } from '../../../support/served-release.js';

const otherBytes = (type: string): Buffer =>
  packZip([{ name: `terraform-provider-${type}_v1.0.0`, data: 'other', mode: 0o755 }]);

describe('deleting providers and their versions', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app?.stop());

  const remove = (path: string, key: string | undefined = app.publisherKey) =>
    app.request(path, { method: 'DELETE', key });
  const versionsOf = async (provider: { namespace: string; type: string }) => {
    const answer = await app.request(`${providerProtocolPath(provider)}/versions`, { lean: true });
    return answer.json<{ versions: { version: string }[] }>().versions.map(({ version }) => version);
  };

  it('turns a version into a tombstone that nobody sees (checklist 86)', async () => {
    const provider = aProvider();
    await app.publishProvider(provider);
    await app.publishProvider(aProvider({ type: provider.type, version: '1.1.0' }));
    const answer = await remove(`${providerApiPath(provider)}/versions/v1.0`);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      message: 'Version deleted successfully',
      namespace: 'acme',
      type: provider.type,
      version: '1.0.0',
    });
    expect(await versionsOf(provider)).toEqual(['1.1.0']);
    for (const lean of [true, false]) {
      const path = `${providerProtocolPath(provider)}/1.0.0/download/linux/amd64`;
      expectProtocolError(await app.request(path, { lean }), 404, 'Provider version not found');
    }
    const rows = await app.query(
      `SELECT v.state, v.deleted_by_name, v.shasums_artifact_id, v.signature_artifact_id, k.artifact_id, k.digest
       FROM provider_versions v JOIN registry_providers p ON p.id = v.provider_id
       JOIN provider_packages k ON k.version_id = v.id WHERE p.type = $1 AND v.version = '1.0.0'`,
      [provider.type],
    );
    expect(rows).toEqual([
      {
        state: 'deleted',
        deleted_by_name: 'ci',
        shasums_artifact_id: null,
        signature_artifact_id: null,
        artifact_id: null,
        digest: sha256(provider.file),
      },
    ]);
    expectApiError(await remove(`${providerApiPath(provider)}/versions/1.0.0`), 404, 'Version not found');
  });

  it('refuses other bytes and other platforms under a deleted number, and takes the same bytes back (checklist 88)', async () => {
    const provider = aProvider();
    const darwin = onPlatform(provider, 'darwin', 'arm64');
    await app.publishProvider(provider);
    await app.publishProvider(darwin);
    await remove(`${providerApiPath(provider)}/versions/1.0.0`);
    const sentence = 'Version 1.0.0 was deleted and cannot be published with other content';
    const other = await app.publishProvider({ ...provider, file: otherBytes(provider.type) });
    expectApiError(other, 409, sentence, { checksum: sha256(provider.file) });
    const platform = await app.publishProvider(onPlatform(provider, 'linux', 'arm64'));
    expectApiError(platform, 409, sentence, { checksum: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await versionsOf(provider)).toEqual([]);

    expect((await app.publishProvider(provider)).status).toBe(201);
    expect((await serveRelease(app, provider)).zip.equals(provider.file)).toBe(true);
    const absent = `${providerProtocolPath(provider)}/1.0.0/download/darwin/arm64`;
    expectProtocolError(await app.request(absent, { lean: true }), 404, 'Provider platform not found');
    const swapped = await app.publishProvider({ ...darwin, file: otherBytes(provider.type) });
    expectApiError(swapped, 409, sentence, { checksum: sha256(darwin.file) });
    expect((await app.publishProvider(darwin)).status).toBe(201);
    for (const one of ['linux/amd64', 'darwin/arm64']) {
      const { document } = await serveRelease(app, provider, one);
      expect(Object.keys(document.packages!)).toEqual(['darwin_arm64', 'linux_amd64']);
    }
  });

  it('brings a version that its publisher signed back with the same document', async () => {
    const release = await aSignedRelease(await testSigner());
    await app.publishRelease(release);
    await remove(`${providerApiPath(release)}/versions/1.0.0`);
    const {
      shasums: _sums,
      shasumsSignature: _signature,
      publicKey: _key,
      ...linux
    } = oneOf(release, 'linux', 'amd64');
    const again = await app.publishProvider(linux);
    expect(again.json()).toMatchObject({ signed: true });
    const { sums, signature } = await serveRelease(app, release);
    expect(sums.toString()).toBe(release.shasums);
    expect(signature.equals(release.shasumsSignature)).toBe(true);
  });

  it('deletes a whole provider, keeps the claim and every number (checklist 88)', async () => {
    const provider = aProvider({ namespace: uniqueName('gone') });
    await app.publishProvider(provider);
    const answer = await remove(providerApiPath(provider));
    expect(answer.status).toBe(200);
    const { namespace, type } = provider;
    expect(answer.json()).toEqual({ message: 'Provider deleted successfully', namespace, type });
    for (const lean of [true, false]) {
      for (const rest of ['versions', '1.0.0/download/linux/amd64']) {
        const gone = await app.request(`${providerProtocolPath(provider)}/${rest}`, { lean });
        expectProtocolError(gone, 404, 'Provider not found');
      }
    }
    expectApiError(await app.request(providerApiPath(provider)), 404, 'Provider not found');
    expectApiError(await remove(providerApiPath(provider)), 404, 'Provider not found');
    expect(await app.query('SELECT 1 FROM namespace_claims WHERE name = $1', [namespace])).toHaveLength(1);

    const other = await app.publishProvider({ ...provider, file: otherBytes(type) });
    expect(other.status).toBe(409);
    expectApiError(await app.request(providerApiPath(provider)), 404, 'Provider not found');
    expect((await app.publishProvider(provider)).status).toBe(201);
    await serveRelease(app, provider);
    const next = aProvider({ namespace, type, version: '2.0.0' });
    expect((await app.publishProvider(next)).status).toBe(201);
    expect(await versionsOf(provider)).toEqual(['2.0.0', '1.0.0']);
  });

  it('survives deletion and publication at the same time', async () => {
    const provider = aProvider();
    await app.publishProvider(provider);
    for (let round = 0; round < 10; round += 1) {
      const [removed, published] = await Promise.all([
        remove(`${providerApiPath(provider)}/versions/1.0.0`),
        app.publishProvider(provider),
      ]);
      expect([200, 404]).toContain(removed.status);
      expect([201, 409]).toContain(published.status);
      if ((await versionsOf(provider)).length === 0) {
        expect((await app.publishProvider(provider)).status).toBe(201);
      }
      await serveRelease(app, provider);
    }
  });

  it('needs providers:write, and says 404 and 400 as for modules', async () => {
    const provider = aProvider();
    await app.publishProvider(provider);
    const version = `${providerApiPath(provider)}/versions/1.0.0`;
    const reader = await app.issueKey('providers:read,modules:write');
    for (const path of [providerApiPath(provider), version]) {
      const anonymous = await app.request(path, { method: 'DELETE' });
      expectApiError(anonymous, 401, 'Missing authorization header');
      expectApiError(await remove(path, reader), 403, 'Missing required scope', {
        details: 'Required scope: providers:write',
      });
    }
    expectApiError(await remove('/api/v1/providers/acme/nothing'), 404, 'Provider not found');
    expectApiError(await remove('/api/v1/providers/nobody/nothing'), 404, 'Provider not found');
    expectApiError(await remove('/api/v1/providers/acme/nothing/versions/1.0.0'), 404, 'Provider not found');
    expectApiError(await remove(version.replace('1.0.0', '9.9.9')), 404, 'Version not found');
    expect((await remove(version.replace('1.0.0', 'x'))).status).toBe(400);
    expect(await versionsOf(provider)).toEqual(['1.0.0']);
  });

  it('lets a number be used again with other content where publishing.allow_republish is on', async () => {
    const lenient = await TestApp.start({ TFR_PUBLISHING_ALLOW_REPUBLISH: 'true' });
    try {
      const provider = aProvider();
      await lenient.publishProvider(provider);
      await lenient.publishProvider(onPlatform(provider, 'darwin', 'arm64'));
      const file = otherBytes(provider.type);
      expect((await lenient.publishProvider({ ...provider, file })).status, 'not while it is there').toBe(
        409,
      );
      const path = `${providerApiPath(provider)}/versions/1.0.0`;
      await lenient.request(path, { method: 'DELETE', key: lenient.publisherKey });
      const again = await lenient.publishProvider({ ...provider, file });
      expect(again.status).toBe(201);
      const { zip, document, sums } = await serveRelease(lenient, provider);
      expect(zip.equals(file)).toBe(true);
      expect(Object.keys(document.packages!)).toEqual(['linux_amd64']);
      expect(sums.toString().trimEnd().split('\n')).toHaveLength(1);
      expect((await lenient.publishProvider(onPlatform(provider, 'linux', 'arm64'))).status).toBe(201);
    } finally {
      await lenient.stop();
    }
  });
});
