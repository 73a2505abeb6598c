import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aModule, moduleApiPath, moduleProtocolPath } from '../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../support/test-app.js';
import { aTime, expectProtocolError } from '../../support/expectations.js';

interface List {
  meta: Record<string, number | string>;
  modules: Record<string, unknown>[];
}

describe('lists of modules in the public registry API', () => {
  let app: TestApp;
  const vpc = aModule({ namespace: 'alpha', name: 'vpc', version: '1.0.0' });

  beforeAll(async () => {
    app = await TestApp.start();
    for (const version of ['1.0.0', '1.2.0', '2.0.0-beta.1']) {
      expect((await app.publishModule({ ...vpc, version })).status).toBe(201);
    }
    await app.publishModule({ ...vpc, system: 'azurerm' });
    await app.publishModule({ ...vpc, system: 'google', version: '0.3.0' });
    for (const name of ['db', 'dns', 'queue']) await app.publishModule(aModule({ namespace: 'alpha', name }));
    for (const name of ['bucket', 'vpc']) await app.publishModule(aModule({ namespace: 'beta', name }));
    const json = { namespace: 'alpha', name: 'unpublished', system: 'aws' };
    await app.request('/api/v1/admin/modules/create', { method: 'POST', key: app.publisherKey, json });
  });
  afterAll(() => app?.stop());

  const listAt = async (target: string, key?: string): Promise<List> => {
    const answer = await app.request(target, { key });
    expect(answer.status, answer.body.toString()).toBe(200);
    return answer.json<List & Record<string, unknown>>();
  };
  const addressesOf = ({ modules }: List): string[] =>
    modules.map(
      ({ namespace, name, provider }) => `${String(namespace)}/${String(name)}/${String(provider)}`,
    );

  /** Every page, following `next_url` from the first. */
  const walk = async (first: string): Promise<List[]> => {
    const pages: List[] = [];
    for (let url: string | undefined = first; url !== undefined;) {
      const page: List = await listAt(url);
      pages.push(page);
      url = page.meta['next_url'] as string | undefined;
    }
    return pages;
  };
  const every = [
    'alpha/db/aws',
    'alpha/dns/aws',
    'alpha/queue/aws',
    'alpha/vpc/aws',
    'alpha/vpc/azurerm',
    'alpha/vpc/google',
    'beta/bucket/aws',
    'beta/vpc/aws',
  ];

  it('show every published module once, at its latest version (checklist 63)', async () => {
    const list = await listAt('/v1/modules');
    expect(addressesOf(list).sort()).toEqual(every);
    expect(list.meta).toEqual({ limit: 15, current_offset: 0 });
    expect(list.modules.find(({ id }) => String(id).startsWith('alpha/vpc/aws'))).toEqual({
      id: 'alpha/vpc/aws/1.2.0',
      owner: 'default',
      namespace: 'alpha',
      name: 'vpc',
      version: '1.2.0',
      provider: 'aws',
      description: '',
      source: '',
      published_at: aTime,
      downloads: 0,
      verified: expect.any(Boolean) as boolean,
    });
  });

  it.each([1, 2, 3, 7, 8, 9])(
    'visit every module exactly once with pages of %i, forwards and backwards (checklist 63)',
    async (limit) => {
      const pages = await walk(`/v1/modules?limit=${limit}`);
      expect(pages.flatMap(addressesOf).sort()).toEqual(every);
      for (const [index, { meta, modules }] of pages.entries()) {
        const isLast = index === pages.length - 1;
        expect(modules).toHaveLength(isLast ? every.length - index * limit : limit);
        expect(meta).toEqual({
          limit,
          current_offset: index * limit,
          ...(!isLast && {
            next_offset: (index + 1) * limit,
            next_url: `/v1/modules?limit=${limit}&offset=${(index + 1) * limit}`,
          }),
          ...(index > 0 && {
            prev_offset: (index - 1) * limit,
            prev_url: `/v1/modules?limit=${limit}&offset=${(index - 1) * limit}`,
          }),
        });
        if (index > 0) expect(await listAt(String(meta['prev_url']))).toEqual(pages[index - 1]);
      }
    },
  );

  it.each([
    ['limit=1000', { limit: 100, current_offset: 0 }],
    ['limit=101', { limit: 100, current_offset: 0 }],
    ['limit=100', { limit: 100, current_offset: 0 }],
    ['limit=0', { limit: 15, current_offset: 0 }],
    ['limit=-1&offset=-5', { limit: 15, current_offset: 0 }],
    ['limit=many&offset=few', { limit: 15, current_offset: 0 }],
  ])('take %s for what it can mean', async (query, meta) => {
    expect((await listAt(`/v1/modules?${query}`)).meta).toEqual(meta);
  });

  it('are empty beyond the end, with the way back', async () => {
    expect(await listAt('/v1/modules?offset=50&limit=5')).toEqual({
      meta: { limit: 5, current_offset: 50, prev_offset: 45, prev_url: '/v1/modules?limit=5&offset=45' },
      modules: [],
    });
  });

  it('are narrowed by system and namespace, and keep that from page to page', async () => {
    expect(addressesOf(await listAt('/v1/modules?provider=azurerm'))).toEqual(['alpha/vpc/azurerm']);
    expect(addressesOf(await listAt('/v1/modules/beta')).sort()).toEqual(['beta/bucket/aws', 'beta/vpc/aws']);
    const pages = await walk('/v1/modules/alpha?provider=aws&limit=3');
    expect(pages.flatMap(addressesOf).sort()).toEqual(every.slice(0, 4));
    expect(pages[0]!.meta['next_url']).toBe('/v1/modules/alpha?provider=aws&limit=3&offset=3');
  });

  it('show what is verified only when that is asked for', async () => {
    const verified = await listAt('/v1/modules?verified=true');
    expect(verified.modules.filter((module) => module['verified'] !== true)).toEqual([]);
    expect(addressesOf(await listAt('/v1/modules?verified=false'))).toHaveLength(every.length);
  });

  it('show the latest version of a name for each of its systems', async () => {
    const list = await listAt('/v1/modules/alpha/vpc');
    expect(list.modules.map(({ id }) => id).sort()).toEqual([
      'alpha/vpc/aws/1.2.0',
      'alpha/vpc/azurerm/1.0.0',
      'alpha/vpc/google/0.3.0',
    ]);
    expect((await walk('/v1/modules/alpha/vpc?limit=1')).flatMap(addressesOf)).toHaveLength(3);
    expectProtocolError(await app.request('/v1/modules/alpha/nothing'), 404, 'Module not found');
    expectProtocolError(await app.request('/v1/modules/alpha/unpublished'), 404, 'Module not found');
    expectProtocolError(await app.request('/v1/modules/nobody'), 404, 'Module not found');
  });

  describe('that are searched', () => {
    it('find modules by their words, page by page', async () => {
      expect(addressesOf(await listAt('/v1/modules/search?q=bucket'))).toEqual(['beta/bucket/aws']);
      const pages = await walk('/v1/modules/search?q=vpc&limit=2');
      expect(pages.flatMap(addressesOf).sort()).toEqual([...every.slice(3, 6), 'beta/vpc/aws']);
      expect(pages[0]!.meta['next_url']).toBe('/v1/modules/search?q=vpc&limit=2&offset=2');
    });

    it('are narrowed by namespace and system', async () => {
      expect(addressesOf(await listAt('/v1/modules/search?q=vpc&namespace=beta'))).toEqual(['beta/vpc/aws']);
      expect(addressesOf(await listAt('/v1/modules/search?q=vpc&provider=google'))).toEqual([
        'alpha/vpc/google',
      ]);
    });

    it('need words, and name the parameter when there are none', async () => {
      for (const query of ['', '?q=', '?q=%20', '?namespace=beta']) {
        const answer = await app.request(`/v1/modules/search${query}`);
        expectProtocolError(answer, 400, 'Missing required query parameter: q');
      }
    });

    it('keep what words may contain in the addresses of pages', async () => {
      const awkward = 'vpc & "co" +1/ü';
      const { meta } = await listAt(`/v1/modules/search?q=${encodeURIComponent(awkward)}&offset=2&limit=2`);
      const back = new URL(String(meta['prev_url']), 'http://registry.test');
      expect(back.searchParams.get('q')).toBe(awkward);
    });
  });

  it('prefer the words of the path to names: search, versions and download (checklist 56)', async () => {
    expect((await app.request('/v1/modules/search?q=db')).json()).toHaveProperty('modules.length', 1);
    expect((await app.request(`${moduleProtocolPath(vpc)}/versions`)).json()).toHaveProperty(
      'modules.0.versions',
    );
    expect((await app.request(`${moduleProtocolPath(vpc)}/download`)).status).toBe(302);
    expect((await app.publishModule(aModule({ namespace: 'search' }))).status).toBe(400);
    expect((await app.publishModule(aModule({ system: 'versions' }))).status).toBe(400);
  });

  it('forget what is deleted or withdrawn', async () => {
    const gone = aModule({ namespace: 'gamma' });
    const held = aModule({ namespace: 'gamma' });
    for (const module of [gone, held]) await app.publishModule(module);
    expect(addressesOf(await listAt('/v1/modules/gamma'))).toHaveLength(2);
    await app.request(moduleApiPath(gone), { method: 'DELETE', key: app.publisherKey });
    const withdraw = await app.request(`${moduleApiPath(held)}/versions/1.0.0/withdraw`, {
      method: 'POST',
      key: app.publisherKey,
      json: { reason: 'Leaks' },
    });
    expect(withdraw.status).toBe(200);
    expect(addressesOf(await listAt('/v1/modules/gamma'))).toEqual([]);
  });
});

describe('lists of modules of a registry with private parts', () => {
  let app: TestApp;
  let keyOfOwner: string;
  let keyOfOther: string;

  beforeAll(async () => {
    app = await TestApp.start({
      TFR_MULTI_TENANCY_ENABLED: 'true',
      TFR_AUTH_ANONYMOUS_READ: 'true',
    });
    const owner = await app.addOrganization('secretive', 'private');
    const other = await app.addOrganization('open', 'public');
    keyOfOwner = await app.issueKey('modules:write', owner);
    keyOfOther = await app.issueKey('modules:write', other);
    await app.publishModule(aModule({ namespace: 'secretive', name: 'hidden' }), keyOfOwner);
    await app.publishModule(aModule({ namespace: 'open', name: 'shown' }), keyOfOther);
  });
  afterAll(() => app?.stop());

  const namesAt = async (path: string, key?: string): Promise<unknown[]> =>
    (await app.request(path, { key }))
      .json<{ modules: { name: string }[] } & Record<string, unknown>>()
      .modules.map(({ name }) => name);

  it('show to each caller what it may read, and count nothing else', async () => {
    for (const path of ['/v1/modules', '/v1/modules/search?q=aws']) {
      expect(await namesAt(path)).toEqual(['shown']);
      expect(await namesAt(path, keyOfOther)).toEqual(['shown']);
      expect((await namesAt(path, keyOfOwner)).sort()).toEqual(['hidden', 'shown']);
    }
    const { meta } = (await app.request('/v1/modules?limit=1')).json<List & Record<string, unknown>>();
    expect(meta).toEqual({ limit: 1, current_offset: 0 });
  });

  it('answer for a private namespace exactly as for none', async () => {
    for (const rest of ['', '/hidden', '/hidden/aws', '/hidden/aws/1.0.0', '/hidden/aws/download']) {
      const hidden = await app.request(`/v1/modules/secretive${rest}`, { key: keyOfOther });
      const absent = await app.request(`/v1/modules/nobody${rest}`, { key: keyOfOther });
      expect({ status: hidden.status, body: hidden.body.toString() }).toEqual({
        status: 404,
        body: absent.body.toString(),
      });
      expect((await app.request(`/v1/modules/secretive${rest}`, { key: keyOfOwner })).status).toBeLessThan(
        400,
      );
    }
  });
});
