import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidInput } from '../../../src/kernel/invalid-input.js';
import { DatabaseUnavailable } from '../../../src/platform/database/database.errors.js';
import { InvalidCursor } from '../../../src/search/domain/search.errors.js';
import type { SearchRequest } from '../../../src/search/search-request.js';
import type { Search } from '../../../src/search/search.service.js';
import { ANONYMOUS, aDocument, SearchFixture, walk } from './search-fixture.js';

const REQUEST: SearchRequest = { kinds: ['module', 'provider'], match: 'text', sort: 'relevance', limit: 2 };
let fixture: SearchFixture;
let search: Search;

beforeAll(async () => {
  fixture = await SearchFixture.create();
  const names = ['vpc', 'net', 'x_y', 'x-y', 'network', 'subnet'];
  await fixture.put(
    names.map((name) => aDocument({ name, description: `100% of ${name}'s "text" \\ done` })),
  );
  search = fixture.search();
});
afterAll(() => fixture?.drop());

const find = (q: string, more: Partial<SearchRequest> = {}) =>
  search.find(ANONYMOUS, { ...REQUEST, q, ...more });
const namesOf = async (q: string, more: Partial<SearchRequest> = {}) =>
  (await find(q, { limit: 20, ...more })).hits.map(({ name }) => name).sort();

describe('a hostile query', () => {
  it.each(['a'.repeat(1024 ** 2), 'word '.repeat(10_000), 'é'.repeat(300), '\u{1f600}'.repeat(129)])(
    'that is too long is refused',
    async (q) => {
      await expect(find(q)).rejects.toThrow(InvalidInput);
    },
  );

  it.each([
    ...[
      "'",
      "''",
      "'; DROP TABLE search_documents; --",
      '\\',
      '\\%',
      "vpc':*",
      'vpc & !net',
      'vpc|net',
      '(vpc',
      'vpc <-> net',
    ],
    ...[
      '!',
      ':*',
      '\u0000',
      'a\u0000b',
      '\ud800',
      '\u202e',
      '\u0301',
      '$1',
      '${q}',
      '{}',
      '[]',
      '%s',
      'ﬁ',
      'İ',
      'ß',
    ],
  ])('%j is only text', async (q) => {
    for (const match of ['name', 'text'] as const) {
      expect(await find(q, { match, withFacets: true })).toMatchObject({ isTotalCapped: false });
    }
  });

  it('has no wildcards', async () => {
    expect(await namesOf('x_y')).toEqual(['x_y']);
    expect(await namesOf('%', { match: 'name' })).toHaveLength(6);
    expect(await namesOf('n%t', { match: 'name' })).toEqual([]);
    expect(await namesOf('vp_', { match: 'name' })).toEqual([]);
    expect(await namesOf('\\', { match: 'name' })).toHaveLength(6);
  });

  it('has no operators', async () => {
    expect(await namesOf('vpc | net', { match: 'name' })).toEqual([]);
    expect(await namesOf('!vpc', { match: 'name' })).toEqual([]);
    expect(await namesOf('subn:*', { match: 'name' })).toEqual([]);
  });

  it.each(['namespace', 'name', 'system', 'provider'] as const)(
    'may come as the filter %s',
    async (filter) => {
      for (const value of ["'", '%', 'x'.repeat(10_000)]) {
        expect(await find('vpc', { [filter]: value })).toMatchObject({ hits: [], total: 0 });
      }
    },
  );

  it('that takes too long is answered as unavailable', async () => {
    const runner = fixture.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query('LOCK TABLE search_words IN ACCESS EXCLUSIVE MODE');
      const other = fixture.search({ settings: { statementTimeoutMs: 50 } });
      await expect(other.find(ANONYMOUS, { ...REQUEST, q: 'vpc' })).rejects.toThrow(DatabaseUnavailable);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });
});

describe('a cursor', () => {
  const page = (more: Partial<SearchRequest> = {}) => find('net', more);
  const altered = (cursor: string, change: (content: unknown[]) => unknown): string =>
    Buffer.from(
      JSON.stringify(change(JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[])),
    ).toString('base64url');

  it.each([
    ['that is no cursor', () => 'nonsense'],
    ['that is very long', () => 'A'.repeat(100_000)],
    ['of another place', (cursor: string) => altered(cursor, ([mark]) => [mark, 7, 1, 'x', []])],
    [
      'with another id',
      (cursor: string) => altered(cursor, ([mark, tier, value]) => [mark, tier, value, "'; --", []]),
    ],
    ['with a text as time', (cursor: string) => altered(cursor, ([m, t, , id]) => [m, t, 'x', id, []])],
    ['with a time out of range', (cursor: string) => altered(cursor, ([m, t, , id]) => [m, t, 1e16, id, []])],
    ['with odd corrections', (cursor: string) => altered(cursor, ([m, t, v, id]) => [m, t, v, id, ['x']])],
    ['that is an object', (cursor: string) => altered(cursor, () => ({}))],
  ])('%s is refused', async (_, change) => {
    const { nextCursor } = await page();
    await expect(page({ cursor: change(nextCursor!) })).rejects.toThrow(InvalidCursor);
  });

  it.each([
    { q: 'vpc' },
    { sort: 'name' },
    { order: 'asc', sort: 'name' },
    { namespace: 'acme' },
    { match: 'name' },
  ] as const)('of another search (%j) is refused', async (other) => {
    const { nextCursor } = await page();
    await expect(page({ ...other, cursor: nextCursor! })).rejects.toThrow(InvalidCursor);
  });

  it('goes on with another limit', async () => {
    const first = await page();
    const rest = await page({ cursor: first.nextCursor!, limit: 20 });
    expect(new Set([...first.hits, ...rest.hits].map(({ name }) => name))).toEqual(
      new Set(['net', 'network', 'subnet']),
    );
  });

  it.each(['relevance', 'name', 'downloads', 'created', 'updated'] as const)(
    'visits every row once while others are added (%s)',
    async (sort) => {
      const own = Array.from({ length: 12 }, (_, at) =>
        aDocument({
          namespace: sort,
          name: `walk-${at % 3}`,
          createdAt: new Date(2_000_000 + (at % 4)),
          downloads: at % 2,
        }),
      );
      await fixture.put(own);
      let added = 0;
      const addOne = async () => {
        added += 1;
        const createdAt = new Date(added % 2 === 0 ? 3_000_000 : 1_000_000);
        await fixture.put([
          aDocument({ namespace: sort, name: `walk-${added}`, createdAt, downloads: added % 3 }),
        ]);
      };
      const request = { ...REQUEST, sort, q: 'walk', namespace: sort };
      const pages = await walk(search, ANONYMOUS, request, () => (added < 8 ? addOne() : Promise.resolve()));
      const seen = pages.flatMap(({ hits }) => hits.map(({ id }) => id));
      expect(new Set(seen).size).toBe(seen.length);
      expect(own.filter(({ id }) => !seen.includes(id))).toEqual([]);
    },
  );
});

describe('a large result', () => {
  it('is counted up to 10 000, and paged by cursor', async () => {
    await fixture.dataSource.query(
      `INSERT INTO search_documents SELECT gen_random_uuid(), kind, organization_id, visibility, 'crowd', 'crowd', name,
         folded_name, system, description, source, created_by, created_by_name, latest_version, latest_published_at,
         versions, is_deprecated, is_verified, provider_names, created_at, updated_at, haystack, head, body
       FROM (SELECT * FROM search_documents WHERE name = 'vpc' LIMIT 1) AS one, generate_series(1, $1)`,
      [9_999],
    );
    await fixture.dataSource.query('ANALYZE search_documents');
    const count = async (more: Partial<SearchRequest> = {}) => {
      const { total, isTotalCapped } = await fixture
        .search()
        .find(ANONYMOUS, { ...REQUEST, q: 'vpc', ...more });
      return { total, isTotalCapped };
    };
    expect(await count()).toEqual({ total: 10_000, isTotalCapped: false });
    await fixture.put([aDocument({ name: 'vpc', namespace: 'one-more' })]);
    expect(await count()).toEqual({ total: 10_000, isTotalCapped: true });
    expect((await find('vpc', { offset: 9_999, limit: 5 })).hits).toHaveLength(2);
  });
});
