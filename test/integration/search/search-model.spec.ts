import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../src/access/principal.js';
import type { SearchRequest } from '../../../src/search/search-request.js';
import { ANONYMOUS, aDocument, type FixtureDocument, keyOf, SearchFixture, walk } from './search-fixture.js';
import { expected, isSeen, type ModelWorld } from './search-model.js';

const ORGANIZATIONS = Array.from({ length: 3 }, () => randomUUID());
const OWNERS: Record<string, number> = { acme: 0, 'Own-Net': 0, hidden: 1, shown: 2, secret_lab: 1 };
const NAMESPACES = Object.keys(OWNERS);
const NAMES = [
  'vpc',
  'network',
  'net',
  'kubernetes',
  'kubelet',
  's3-bucket',
  'S3_Bucket',
  'bucket',
  'secretive',
];
const SYSTEMS = ['aws', 'google', 'azurerm'];
const PROSE = [
  'network',
  'secret',
  'cluster',
  'kubernetes',
  'a',
  'the',
  'über',
  '日本',
  'vpc',
  'b2b',
  '100%',
  'x_y',
];
const TEXTS = ['enable_dns_hostnames', 'cluster', 'the', 'network', 'hidden', 'aws_s3_bucket', 'tags', 'é'];
const TYPED = [
  ...[
    'vpc',
    'net',
    'network',
    'netwrok',
    'kuberentes',
    'secretiv',
    's3',
    's3_bucket',
    '3-b',
    'bucket',
    'tags',
    'dns',
  ],
  ...[
    'enable_dns',
    'hostnames',
    'cluster',
    'clusters',
    'the',
    'aws',
    'acme/vpc',
    'acme/vpc/aws',
    'zzzzz',
    '%',
    '_',
  ],
  ...[
    '\\',
    'Ü',
    'über',
    '日本',
    'a',
    'hidden',
    'secret',
    'lab',
    "'",
    'vpc & net',
    'vpc | net',
    ':*',
    '!vpc',
    'own-net',
  ],
];

const document: fc.Arbitrary<FixtureDocument> = fc
  .record({
    kind: fc.constantFrom('module' as const, 'module' as const, 'provider' as const),
    namespace: fc.constantFrom(...NAMESPACES),
    name: fc.constantFrom(...NAMES),
    system: fc.constantFrom(...SYSTEMS),
    description: fc.option(
      fc.array(fc.constantFrom(...PROSE), { maxLength: 4 }).map((words) => words.join(' ')),
    ),
    texts: fc.array(fc.constantFrom(...TEXTS), { maxLength: 3 }),
    providerNames: fc.subarray(['aws', 'hashicorp/aws', 'random']),
    latestVersion: fc.constantFrom('1.0.0', ''),
    verified: fc.boolean(),
    deprecated: fc.boolean(),
    downloads: fc.nat({ max: 3 }),
    day: fc.integer({ min: 1, max: 9 }),
    month: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ day, month, ...facts }) =>
    aDocument({
      ...facts,
      system: facts.kind === 'module' ? facts.system : null,
      organizationId: ORGANIZATIONS[OWNERS[facts.namespace]!]!,
      createdAt: new Date(`2026-01-0${day}T00:00:00.123Z`),
      updatedAt: new Date(`2026-0${month}-01T00:00:00Z`),
    }),
  );

const principal: fc.Arbitrary<Principal> = fc.oneof(
  fc.constant(ANONYMOUS),
  fc
    .record({
      scopes: fc.array(fc.subarray(['modules:read', 'providers:read'] as const), {
        minLength: 3,
        maxLength: 3,
      }),
      namespaces: fc.option(fc.subarray(['acme', 'own-net', 'hidden', 'secret-lab'])),
      isPlatformAdmin: fc.integer({ min: 0, max: 4 }).map((number) => number === 0),
    })
    .map(({ scopes, ...rest }) =>
      keyOf(Object.fromEntries(ORGANIZATIONS.map((id, at) => [id, scopes[at]!])), rest),
    ),
);

const maybe = <T>(...values: T[]): fc.Arbitrary<T | undefined> =>
  fc.oneof(
    { weight: 7, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );
const request: fc.Arbitrary<SearchRequest> = fc
  .record({
    kinds: fc.subarray(['module', 'provider'] as const, { minLength: 1 }),
    q: fc
      .option(fc.array(fc.constantFrom(...TYPED), { minLength: 1, maxLength: 2 }), {
        nil: undefined,
        freq: 6,
      })
      .map((words) => words?.join(' ')),
    match: fc.constantFrom('name' as const, 'text' as const),
    namespace: maybe(...NAMESPACES, 'ACME'),
    name: maybe('VPC', 'network'),
    system: maybe(...SYSTEMS),
    provider: maybe('aws', 'hashicorp/aws'),
    verified: maybe(true, false),
    deprecated: maybe(true, false),
    publishedOnly: maybe(true),
    sort: fc.constantFrom('relevance', 'relevance', 'name', 'downloads', 'created', 'updated'),
    order: maybe('asc', 'desc'),
    limit: fc.integer({ min: 4, max: 30 }),
  })
  .map(
    (facts) =>
      Object.fromEntries(
        Object.entries(facts).filter(([, value]) => value !== undefined),
      ) as unknown as SearchRequest,
  );

describe.each([11, 12, 13])('a search over random rows (%i)', (seed) => {
  let fixture: SearchFixture;
  let world: ModelWorld;

  beforeAll(async () => {
    fixture = await SearchFixture.create();
    for (const [name, visibility] of Object.entries({
      hidden: 'private',
      shown: 'public',
      secret_lab: 'private',
    }))
      fixture.visibilities.set(name, visibility as 'private' | 'public');
    const rows = fc.sample(document, { seed, numRuns: 90 });
    await fixture.put(rows);
    world = { rows, visibilities: fixture.visibilities, isOpen: seed % 2 === 0 };
  });
  afterAll(() => fixture?.drop());

  it(
    'finds the rows that fit, in order, with totals and facets, page by page',
    { timeout: 180_000 },
    async () => {
      const search = fixture.search({ isOpen: world.isOpen });
      const property = fc.asyncProperty(principal, request, async (caller, wanted) => {
        const pages = await walk(search, caller, { ...wanted, withFacets: true });
        const { ids, total, facets } = expected(world, caller, wanted);
        expect(pages.flatMap(({ hits }) => hits.map(({ id }) => id))).toEqual(ids);
        for (const page of pages) expect(page).toMatchObject({ total, isTotalCapped: false, facets });
      });
      await fc.assert(property, { seed, numRuns: 120, endOnFailure: true });
    },
  );

  it('skips as many rows as it is told', { timeout: 180_000 }, async () => {
    const search = fixture.search({ isOpen: world.isOpen });
    const property = fc.asyncProperty(
      principal,
      request,
      fc.nat({ max: 40 }),
      async (caller, wanted, offset) => {
        const { hits, total } = await search.find(caller, { ...wanted, offset });
        const model = expected(world, caller, wanted);
        expect(hits.map(({ id }) => id)).toEqual(model.ids.slice(offset, offset + wanted.limit));
        expect(total).toBe(model.total);
      },
    );
    await fc.assert(property, { seed, numRuns: 40, endOnFailure: true });
  });

  it(
    'says the same whether rows that the caller may not see exist or not',
    { timeout: 180_000 },
    async () => {
      const search = fixture.search({ isOpen: world.isOpen });
      const property = fc.asyncProperty(principal, request, async (caller, wanted) => {
        const before = await walk(search, caller, { ...wanted, withFacets: true });
        const unseen = world.rows.filter((row) => !isSeen(world, caller, row)).map(({ id }) => id);
        const rollback = new Error('rollback');
        const without = fixture.transactions.run(async () => {
          await fixture.dataSource.query('SELECT 1');
          for (const id of unseen) await fixture.documents.remove(id);
          await fixture.transactions.query(
            'DELETE FROM search_words w WHERE NOT EXISTS (SELECT 1 FROM search_documents d WHERE d.head @@ quote_literal(w.word)::tsquery)',
          );
          const after = await walk(fixture.search({ isOpen: world.isOpen }), caller, {
            ...wanted,
            withFacets: true,
          });
          expect(after).toEqual(before);
          throw rollback;
        });
        await expect(without).rejects.toBe(rollback);
      });
      await fc.assert(property, { seed, numRuns: 40, endOnFailure: true });
    },
  );
});
