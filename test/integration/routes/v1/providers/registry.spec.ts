import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packZip, testSigner } from '../../../../support/build-fixtures.js';
import { aProvider, aSignedRelease } from '../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../support/test-app.js';
import { aTime, expectProtocolError } from '../../support/expectations.js';

interface List {
  meta: Record<string, number | string>;
  providers: Record<string, unknown>[];
}

describe('providers in the public registry API', () => {
  let app: TestApp;
  const docs = packZip([
    { name: 'docs/index.md', data: '# The cloud\n' },
    { name: 'docs/resources/server.md', data: '---\nsubcategory: Compute\n---\n# cloud_server\n' },
  ]);
  const every = ['alpha/cloud', 'alpha/dns', 'alpha/queue', 'beta/cloud', 'beta/signed'];

  beforeAll(async () => {
    app = await TestApp.start();
    const publish = async (given: Parameters<typeof aProvider>[0]): Promise<void> => {
      const answer = await app.publishProvider(aProvider(given));
      expect(answer.status, answer.body.toString()).toBe(201);
    };
    await publish({ namespace: 'alpha', type: 'cloud', docs });
    for (const version of ['1.1.0', '2.0.0-rc.1'])
      await publish({ namespace: 'alpha', type: 'cloud', version });
    for (const type of ['dns', 'queue']) await publish({ namespace: 'alpha', type });
    await publish({ namespace: 'beta', type: 'cloud' });
    const release = await aSignedRelease(await testSigner(), { namespace: 'beta', type: 'signed' });
    expect((await app.publishRelease(release)).status).toBe(201);
  });
  afterAll(() => app?.stop());

  const listAt = async (target: string): Promise<List> => {
    const answer = await app.request(target);
    expect(answer.status, answer.body.toString()).toBe(200);
    return answer.json<List & Record<string, unknown>>();
  };
  const addressesOf = ({ providers }: List): string[] =>
    providers.map(({ namespace, name }) => `${String(namespace)}/${String(name)}`);
  const walk = async (first: string): Promise<string[]> => {
    const seen: string[] = [];
    for (let url: string | undefined = first; url !== undefined;) {
      const page: List = await listAt(url);
      seen.push(...addressesOf(page));
      url = page.meta['next_url'] as string | undefined;
    }
    return seen;
  };

  it('are listed once each, at their latest versions', async () => {
    const list = await listAt('/v1/providers');
    expect(addressesOf(list).sort()).toEqual(every);
    expect(list.meta).toEqual({ limit: 15, current_offset: 0 });
    expect(list.providers.find(({ id }) => String(id).startsWith('alpha/cloud'))).toEqual({
      id: 'alpha/cloud/1.1.0',
      owner: 'default',
      namespace: 'alpha',
      name: 'cloud',
      version: '1.1.0',
      description: '',
      source: '',
      published_at: aTime,
      downloads: 0,
      verified: false,
    });
  });

  it.each([1, 2, 4, 5])('are each visited exactly once with pages of %i', async (limit) => {
    expect((await walk(`/v1/providers?limit=${limit}`)).sort()).toEqual(every);
  });

  it('are listed by namespace in any case, found by words, and narrowed to what is verified', async () => {
    expect(addressesOf(await listAt('/v1/providers/Alpha')).sort()).toEqual(every.slice(0, 3));
    expect((await walk('/v1/providers/search?q=cloud&limit=1')).sort()).toEqual([
      'alpha/cloud',
      'beta/cloud',
    ]);
    expect(addressesOf(await listAt('/v1/providers/search?q=cloud&namespace=beta'))).toEqual(['beta/cloud']);
    expect(addressesOf(await listAt('/v1/providers?verified=true'))).toEqual(['beta/signed']);
    expectProtocolError(
      await app.request('/v1/providers/search'),
      400,
      'Missing required query parameter: q',
    );
    expectProtocolError(await app.request('/v1/providers/nobody'), 404, 'Provider not found');
  });

  it('are shown at their latest version and at every other one', async () => {
    expect((await app.request('/v1/providers/Alpha/cloud')).json()).toEqual({
      id: 'alpha/cloud/1.1.0',
      owner: 'default',
      namespace: 'alpha',
      name: 'cloud',
      version: '1.1.0',
      description: '',
      source: '',
      published_at: aTime,
      downloads: 0,
      verified: false,
      deprecated: false,
      state: 'active',
      versions: ['2.0.0-rc.1', '1.1.0', '1.0.0'],
      docs: [],
    });
    expect((await app.request('/v1/providers/beta/signed')).json()).toMatchObject({ verified: true });
  });

  it('have their documentation pages with each version', async () => {
    const of = async (): Promise<unknown> =>
      (await app.request('/v1/providers/alpha/cloud/1.0.0')).json()['docs'];
    await expect.poll(of).toEqual([
      {
        title: 'The cloud',
        path: 'index.md',
        slug: 'index',
        category: 'index',
        subcategory: '',
        language: 'hcl',
      },
      {
        title: 'cloud_server',
        path: 'resources/server.md',
        slug: 'server',
        category: 'resources',
        subcategory: 'Compute',
        language: 'hcl',
      },
    ]);
  });

  it('say what is deprecated', async () => {
    const path = '/api/v1/providers/beta/cloud/versions/1.0.0/deprecate';
    await app.request(path, { method: 'POST', key: app.publisherKey, json: { message: 'Too old' } });
    expect((await app.request('/v1/providers/beta/cloud')).json()).toMatchObject({
      deprecated: true,
      deprecation_message: 'Too old',
    });
  });

  it('show a quarantined version to those who may write there only', async () => {
    const version = aProvider({ namespace: 'gamma', type: 'held' });
    await app.publishProvider(version);
    await app.query(
      `UPDATE provider_versions v SET state = 'quarantined', quarantined_at = now() FROM registry_providers p
       WHERE p.id = v.provider_id AND p.type = 'held'`,
    );
    for (const path of ['/v1/providers/gamma/held', '/v1/providers/gamma/held/1.0.0']) {
      expectProtocolError(await app.request(path), 404, 'Provider version not found');
    }
    const seen = await app.request('/v1/providers/gamma/held/1.0.0', { key: app.publisherKey });
    expect(seen.json()).toMatchObject({ state: 'quarantined', versions: [] });
  });

  it('are absent when they do not exist, and leave the version list of clients alone', async () => {
    expectProtocolError(await app.request('/v1/providers/alpha/nothing'), 404, 'Provider not found');
    expectProtocolError(
      await app.request('/v1/providers/alpha/cloud/9.9.9'),
      404,
      'Provider version not found',
    );
    const lean = await app.request('/v1/providers/alpha/cloud/versions', { lean: true });
    expect(lean.json()).toHaveProperty('versions.length', 3);
  });
});

describe('providers of a private organization in the public registry API', () => {
  let app: TestApp;
  let keyOfOwner: string;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true', TFR_AUTH_ANONYMOUS_READ: 'true' });
    keyOfOwner = await app.issueKey('providers:write', await app.addOrganization('secretive', 'private'));
    await app.publishProvider(aProvider({ namespace: 'secretive', type: 'hidden' }), keyOfOwner);
  });
  afterAll(() => app?.stop());

  it('are there for those who may read them, and do not exist for others', async () => {
    expect((await app.request('/v1/providers')).json()).toMatchObject({ providers: [] });
    expect((await app.request('/v1/providers', { key: keyOfOwner })).json()).toHaveProperty(
      'providers.length',
      1,
    );
    for (const rest of ['', '/hidden', '/hidden/1.0.0']) {
      const hidden = await app.request(`/v1/providers/secretive${rest}`);
      const absent = await app.request(`/v1/providers/nobody${rest}`);
      expect({ status: hidden.status, body: hidden.body.toString() }).toEqual({
        status: 404,
        body: absent.body.toString(),
      });
      expect((await app.request(`/v1/providers/secretive${rest}`, { key: keyOfOwner })).status).toBe(200);
    }
  });
});
