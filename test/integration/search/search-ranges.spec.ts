import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SearchFrequenciesRepository } from '../../../src/search/persistence/search-frequencies.repository.js';
import { SEARCH_RANGES } from '../../../src/search/persistence/search-ranges.js';
import { TestApp } from '../../support/test-app.js';

describe('The parts of the search table', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app?.stop());

  it('are all rows, each once', async () => {
    const ids = `SELECT (lpad(to_hex(n), 2, '0') || '000000-0000-4000-8000-00000000000' || m)::uuid AS id
      FROM generate_series(0, 255) AS n, generate_series(0, 1) AS m`;
    const parts = SEARCH_RANGES.map((range) => `(${range})::int`).join(' + ');
    const rows = await app.query(`SELECT 1 FROM (${ids}) AS d WHERE ${parts} <> 1`);
    expect(rows).toEqual([]);
  });

  it.each(SEARCH_RANGES)('have text indexes of their own: %s', async (range) => {
    const indexes = await app.query<{ name: string; condition: string }>(
      `SELECT indexrelid::regclass::text AS name, pg_get_expr(indpred, indrelid) AS condition FROM pg_index
       WHERE indrelid = 'search_documents'::regclass AND indpred IS NOT NULL ORDER BY 1`,
    );
    const parts = range.replaceAll('d.', '').split(' AND ');
    const condition = parts.map((part) => `(${part}::uuid)`).join(' AND ');
    const own = indexes.filter((one) => one.condition === (parts.length > 1 ? `(${condition})` : condition));
    expect(own.map(({ name }) => name.replace(/_[0-3]$/, ''))).toEqual([
      'ix_search_document_body',
      'ix_search_document_head',
    ]);
  });

  it('are read where PostgreSQL knows words to be frequent, and an empty table has none', async () => {
    const known = await app.get(SearchFrequenciesRepository).frequencies(0);
    expect([...known.head, ...known.body]).toEqual([]);
    await app.query(`INSERT INTO search_documents (id, kind, organization_id, visibility, namespace, folded_namespace, name,
      folded_name, latest_version, versions, is_deprecated, is_verified, provider_names, created_at, updated_at, haystack,
      head, body)
      SELECT gen_random_uuid(), 'module', id, 'default', 'a', 'a', 'b', 'b', '1.0.0', 1, false, false, '{}', now(), now(),
        'a/b', CASE WHEN n % 4 = 0 THEN 'aws'::tsvector ELSE 'other'::tsvector END, 'text'
      FROM organizations, generate_series(1, 400) AS n WHERE is_default`);
    await app.query('ANALYZE search_documents');
    const { rows, head, body } = await app.get(SearchFrequenciesRepository).frequencies(50);
    expect(rows).toBe(400);
    expect(head.get('aws')).toBeCloseTo(0.25);
    expect(body.get('text')).toBeCloseTo(1);
    expect((await app.get(SearchFrequenciesRepository).frequencies(200)).head.has('aws')).toBe(false);
    await app.query('DELETE FROM search_documents');
  });
});
