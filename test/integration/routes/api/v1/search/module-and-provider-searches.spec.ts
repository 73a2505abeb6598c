import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aModule } from '../../../../../support/factories/module.factory.js';
import { aProvider } from '../../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../../support/test-app.js';

let app: TestApp;
const NAMES = ['vpc', 'vpc-peering', 'subnet', 'bucket'];

beforeAll(async () => {
  app = await TestApp.start({ TFR_SECURITY_RATE_LIMITING_ENABLED: 'false' });
  for (const name of NAMES) {
    expect((await app.publishModule(aModule({ namespace: 'acme', name }))).status).toBe(201);
    expect((await app.publishProvider(aProvider({ namespace: 'acme', type: name }))).status).toBe(201);
  }
});
afterAll(() => app?.stop());

interface Found {
  modules?: Record<string, unknown>[];
  providers?: Record<string, unknown>[];
  meta: { limit: number; offset: number; total: number; total_capped?: boolean; next_cursor?: string };
}

async function search(path: string): Promise<Found> {
  const answer = await app.request(path);
  expect(answer.status, answer.body.toString()).toBe(200);
  return JSON.parse(answer.body.toString()) as Found;
}

describe.each([
  ['modules', 'name'],
  ['providers', 'type'],
] as const)('GET /api/v1/%s/search (REST contract 15 and 16)', (kind, field) => {
  const find = (query: string) => search(`/api/v1/${kind}/search?${query}`);
  const namesOf = (found: Found) => found[kind]!.map((item) => item[field]);

  it('gives everything, newest first, without a query', async () => {
    const found = await find('');
    expect(namesOf(found)).toEqual([...NAMES].reverse());
    expect(found.meta).toEqual({ limit: 20, offset: 0, total: 4 });
  });

  it('shows what a list needs', async () => {
    const [item] = (await find('q=bucket'))[kind]!;
    expect(item).toMatchObject({
      namespace: 'acme',
      [field]: 'bucket',
      description: null,
      source: null,
      latest_version: '1.0.0',
      download_count: 0,
      created_by: null,
      organization_name: 'default',
    });
    expect(Object.keys(item!).sort()).toEqual(
      [
        ...[
          'id',
          'namespace',
          field,
          'description',
          'source',
          'latest_version',
          'download_count',
          'created_by',
        ],
        ...['created_by_name', 'organization_id', 'organization_name', 'created_at', 'updated_at'],
        ...(kind === 'modules' ? ['system'] : []),
      ].sort(),
    );
  });

  it('puts an exact match on the first page, before what is newer', async () => {
    expect(namesOf(await find('q=vpc'))).toEqual(['vpc', 'vpc-peering']);
    expect(namesOf(await find('q=VPC&limit=1'))).toEqual(['vpc']);
  });

  it('needs every word somewhere in address or description', async () => {
    expect(namesOf(await find('q=acm+net'))).toEqual(['subnet']);
    expect(namesOf(await find('q=acme+nothing'))).toEqual([]);
  });

  it('filters by namespace, in any spelling', async () => {
    expect((await find('namespace=ACME')).meta.total).toBe(4);
    expect((await find('namespace=other')).meta.total).toBe(0);
  });

  it('sorts as it is told', async () => {
    expect(namesOf(await find('sort=name'))).toEqual([...NAMES].sort());
    expect(namesOf(await find('sort=name&order=desc'))).toEqual([...NAMES].sort().reverse());
    expect(namesOf(await find('sort=created&order=asc'))).toEqual(NAMES);
    expect((await app.request(`/api/v1/${kind}/search?sort=size`)).status).toBe(400);
  });

  it.each([
    ['limit=2&offset=1', { limit: 2, offset: 1 }],
    ['per_page=2&page=2', { limit: 2, offset: 2 }],
    ['limit=500', { limit: 500, offset: 0 }],
    ['limit=501', { limit: 500, offset: 0 }],
    ['limit=0&offset=-1', { limit: 20, offset: 0 }],
    ['limit=x&page=x', { limit: 20, offset: 0 }],
    ['offset=10000', { limit: 20, offset: 10_000 }],
    ['offset=10001', { limit: 20, offset: 10_000 }],
    ['page=99999999999999999999', { limit: 20, offset: 10_000 }],
  ])('reads %s', async (query, meta) => {
    expect((await find(query)).meta).toMatchObject({ ...meta, total: 4 });
  });

  it('leads from page to page', async () => {
    const first = await find('limit=3');
    const second = await find(`limit=3&cursor=${first.meta.next_cursor}`);
    expect([...namesOf(first), ...namesOf(second)]).toEqual([...NAMES].reverse());
    expect(second.meta.next_cursor).toBeUndefined();
    const bad = await app.request(
      `/api/v1/${kind}/search?limit=3&sort=name&cursor=${first.meta.next_cursor}`,
    );
    expect(bad.status).toBe(400);
    expect(JSON.parse(bad.body.toString())).toMatchObject({ code: 'invalid_cursor' });
  });

  it('refuses a text that is too long', async () => {
    expect((await app.request(`/api/v1/${kind}/search?q=${'x'.repeat(256)}`)).status).toBe(200);
    expect((await app.request(`/api/v1/${kind}/search?q=${'x'.repeat(257)}`)).status).toBe(400);
  });
});

describe('GET /api/v1/modules/search', () => {
  it('filters by system', async () => {
    expect((await search('/api/v1/modules/search?system=aws')).meta.total).toBe(4);
    expect((await search('/api/v1/modules/search?system=google')).meta.total).toBe(0);
  });
});
