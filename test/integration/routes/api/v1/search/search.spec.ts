import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aModule } from '../../../../../support/factories/module.factory.js';
import { aProvider } from '../../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../../support/test-app.js';

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start({ TFR_SECURITY_RATE_LIMITING_ENABLED: 'false' });
  const modules = [
    { namespace: 'acme', name: 'vpc', system: 'aws', description: 'Networks for everybody' },
    { namespace: 'acme', name: 'kubernetes', system: 'google', description: 'A cluster in a vpc' },
    { namespace: 'other', name: 'network-peering', system: 'aws', description: 'Joins two networks' },
  ];
  for (const { description, ...module } of modules) {
    expect((await app.publishModule(aModule(module))).status).toBe(201);
    const json = { ...module, description };
    const described = await app.request('/api/v1/admin/modules/create', {
      method: 'POST',
      key: app.publisherKey,
      json,
    });
    expect(described.status).toBe(200);
  }
  expect((await app.publishProvider(aProvider({ namespace: 'acme', type: 'vpc' }))).status).toBe(201);
});
afterAll(() => app?.stop());

interface Found {
  items: { kind: string; namespace: string; name: string }[];
  facets: Record<string, { value: string; count: number }[]>;
  meta: { total: number; next_cursor?: string };
}

async function search(query: string): Promise<Found> {
  const answer = await app.request(`/api/v1/search?${query}`);
  expect(answer.status, answer.body.toString()).toBe(200);
  return JSON.parse(answer.body.toString()) as Found;
}

const names = ({ items }: Found): string[] => items.map(({ kind, name }) => `${kind} ${name}`);

describe('GET /api/v1/search (REST contract 30.6)', () => {
  it('puts exact names first, then what fits in name or description, newest first', async () => {
    expect(names(await search('q=vpc'))).toEqual(['provider vpc', 'module vpc', 'module kubernetes']);
  });

  it('finds substrings of names and descriptions', async () => {
    expect(names(await search('q=etwork'))).toEqual(['module network-peering', 'module vpc']);
  });

  it('finds a misspelled word', async () => {
    expect(names(await search('q=kuberentes'))).toEqual(['module kubernetes']);
  });

  it('counts what the rows have in common', async () => {
    const { facets, meta } = await search('q=vpc');
    expect(facets['kind']).toEqual([
      { value: 'module', count: 2 },
      { value: 'provider', count: 1 },
    ]);
    expect(facets['system']).toEqual([
      { value: 'aws', count: 1 },
      { value: 'google', count: 1 },
    ]);
    expect(meta.total).toBe(3);
  });

  it('filters by kind, namespace, system, deprecation and verification', async () => {
    expect(names(await search('q=vpc&type=provider'))).toEqual(['provider vpc']);
    expect(names(await search('q=net&namespace=other'))).toEqual(['module network-peering']);
    expect(names(await search('q=vpc&system=google'))).toEqual(['module kubernetes']);
    expect(names(await search('q=vpc&deprecated=true'))).toEqual([]);
    expect(names(await search('q=vpc&verified=false&type=provider'))).toEqual(['provider vpc']);
  });

  it.each([
    '',
    'q=',
    'q=%20',
    'q=vpc&type=user',
    'q=vpc&verified=maybe',
    'q=vpc&sort=size',
    'q=vpc&cursor=x',
  ])('refuses ?%s', async (query) => {
    const answer = await app.request(`/api/v1/search?${query}`);
    expect(answer.status).toBe(400);
  });

  it('goes from page to page', async () => {
    const first = await search('q=vpc&limit=2');
    const second = await search(`q=vpc&limit=2&cursor=${first.meta.next_cursor}`);
    expect([...names(first), ...names(second)]).toEqual(['provider vpc', 'module vpc', 'module kubernetes']);
    expect(second.meta).toEqual({ limit: 2, offset: 0, total: 3 });
  });
});

describe('who may search what', () => {
  let tenant: TestApp;
  const read = async (key: string | undefined, path = '/api/v1/search?q=vpc') => {
    const answer = await tenant.request(path, { key });
    return { status: answer.status, body: JSON.parse(answer.body.toString()) as Found };
  };

  beforeAll(async () => {
    tenant = await TestApp.start({
      TFR_MULTI_TENANCY_ENABLED: 'true',
      TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
    });
    for (const [name, visibility] of [
      ['hidden', 'private'],
      ['shown', 'public'],
    ] as const) {
      const key = await tenant.issueKey(
        'modules:write,providers:write',
        await tenant.addOrganization(name, visibility),
      );
      const module = aModule({ namespace: name, name: 'vpc' });
      expect((await tenant.publishModule(module, key)).status).toBe(201);
      expect((await tenant.publishProvider(aProvider({ namespace: name, type: 'vpc' }), key)).status).toBe(
        201,
      );
    }
  });
  afterAll(() => tenant?.stop());

  const organization = async (name: string) =>
    (await tenant.query<{ id: string }>('SELECT id FROM organizations WHERE name = $1', [name]))[0]!.id;

  it('asks for a credential on a private server, and for one of the two scopes', async () => {
    const shown = await organization('shown');
    expect((await read(undefined)).status).toBe(401);
    expect((await read(await tenant.issueKey('scm:read', shown))).status).toBe(403);
    expect((await read(await tenant.issueKey('modules:read', shown))).status).toBe(200);
    expect((await read(await tenant.issueKey('providers:read', shown))).status).toBe(200);
  });

  it('shows of a private organization the kinds that the caller may read', async () => {
    const hidden = await organization('hidden');
    const of = async (scopes: string) => {
      const { body } = await read(await tenant.issueKey(scopes, hidden));
      expect(body.meta.total).toBe(body.items.length);
      return body.items.map(({ kind, namespace }) => `${kind} of ${namespace}`).sort();
    };
    const everybody = ['module of shown', 'provider of shown'];
    expect(await of('modules:read')).toEqual(['module of hidden', ...everybody].sort());
    expect(await of('providers:read')).toEqual(['provider of hidden', ...everybody].sort());
    expect(await of('modules:read,providers:read')).toHaveLength(4);
  });
});
