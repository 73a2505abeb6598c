import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testSigner } from '../../../../../support/build-fixtures.js';
import {
  aProvider,
  aSignedRelease,
  onPlatform,
  providerApiPath,
} from '../../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { anUuid, aTime, expectApiError, sha256 } from '../../../support/expectations.js';

describe('GET /api/v1/providers/{namespace}/{type}', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app?.stop());

  it('has every field, versions newest first, null where nothing is known', async () => {
    const provider = aProvider();
    const darwin = onPlatform(provider, 'darwin', 'arm64');
    const newer = aProvider({ type: provider.type, version: '1.10.0' });
    for (const one of [provider, darwin, newer]) await app.publishProvider(one);
    const answer = await app.request(providerApiPath(provider));
    expect(answer.status).toBe(200);
    const platform = ({ os, arch, version, file }: typeof provider) => ({
      id: anUuid,
      os,
      arch,
      filename: `terraform-provider-${provider.type}_${version}_${os}_${arch}.zip`,
      shasum: sha256(file),
      size_bytes: file.length,
      download_count: 0,
    });
    const version = (text: string, platforms: object[]) => ({
      id: anUuid,
      version: text,
      protocols: ['5.0'],
      created_at: aTime,
      published_at: aTime,
      published_by_name: 'ci',
      signed: false,
      platforms,
      deprecated: false,
      state: 'active',
    });
    expect(answer.json()).toEqual({
      id: anUuid,
      organization_id: anUuid,
      organization_name: 'default',
      namespace: 'acme',
      type: provider.type,
      description: null,
      source: null,
      download_count: 0,
      created_by: null,
      created_by_name: 'ci',
      latest_version: '1.10.0',
      versions: [
        version('1.10.0', [platform(newer)]),
        version('1.0.0', [platform(darwin), platform(provider)]),
      ],
      created_at: aTime,
      updated_at: aTime,
    });
  });

  it('says which versions their publisher signed', async () => {
    const release = await aSignedRelease(await testSigner());
    await app.publishRelease(release);
    const answer = await app.request(providerApiPath(release));
    expect(answer.json()).toMatchObject({ versions: [{ signed: true }] });
  });

  it('names as latest the highest stable version that is not deprecated', async () => {
    const provider = aProvider();
    const latest = async () => (await app.request(providerApiPath(provider))).json()['latest_version'];
    const publish = async (version: string) =>
      expect((await app.publishProvider(aProvider({ type: provider.type, version }))).status).toBe(201);
    await publish('2.0.0-beta.1');
    expect(await latest()).toBe('2.0.0-beta.1');
    await publish('1.0.0');
    await publish('1.1.0');
    expect(await latest()).toBe('1.1.0');
    await app.request(`${providerApiPath(provider)}/versions/1.1.0/deprecate`, {
      method: 'POST',
      key: app.publisherKey,
    });
    expect(await latest()).toBe('1.0.0');
  });

  it('takes the namespace in any case, and says 404 for what does not exist (checklist 91)', async () => {
    const provider = aProvider();
    await app.publishProvider(provider);
    const shouted = await app.request(`/api/v1/providers/ACME/${provider.type}`);
    expect(shouted.json()).toEqual((await app.request(providerApiPath(provider))).json());
    for (const path of ['acme/nothing', `nobody/${provider.type}`]) {
      expectApiError(await app.request(`/api/v1/providers/${path}`), 404, 'Provider not found');
    }
  });

  it('answers HEAD, and says that an answer to a credential is not to be stored', async () => {
    const provider = aProvider();
    await app.publishProvider(provider);
    const head = await app.request(providerApiPath(provider), { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    const personal = await app.request(providerApiPath(provider), { key: app.publisherKey });
    expect(personal.headers['cache-control']).toBe('no-store');
  });
});
