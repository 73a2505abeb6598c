import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SearchPartitions20261125010100 } from '../../../migrations/20261125010100-search-partitions.js';
import { schemaSnapshot } from '../../support/schema-snapshot.js';
import { TestApp } from '../../support/test-app.js';

describe('The parts of the search table', () => {
  let app: TestApp;
  let dataSource: DataSource;

  beforeAll(async () => {
    app = await TestApp.start();
    dataSource = app.get(DataSource);
    await app.query(`INSERT INTO search_documents (id, kind, organization_id, visibility, namespace, folded_namespace, name,
      folded_name, latest_version, versions, is_deprecated, is_verified, provider_names, created_at, updated_at, haystack,
      head, body)
      SELECT (lpad(to_hex(n), 2, '0') || repeat(end_of_id, 6) || '-' || repeat(repeat(end_of_id, 4) || '-', 3)
        || repeat(end_of_id, 12))::uuid, 'module', id, 'default', 'a', 'a', 'b', 'b', '1.0.0', 1, false, false, '{aws}',
        now(), now(), 'a/b', 'a b', ('text of ' || n)::tsvector
      FROM organizations, generate_series(0, 255) AS n, unnest('{0,f}'::text[]) AS end_of_id WHERE is_default`);
    await app.query('INSERT INTO search_downloads SELECT id, versions FROM search_documents');
  });
  afterAll(() => app?.stop());

  const rows = () =>
    app.query(`SELECT d.*, w.downloads FROM search_documents d JOIN search_downloads w ON w.document_id = d.id
      ORDER BY d.id`);

  async function migrate(way: 'up' | 'down'): Promise<void> {
    const runner = dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      await new SearchPartitions20261125010100()[way](runner);
      await runner.commitTransaction();
    } finally {
      await runner.release();
    }
  }

  it('take every id, each three times as many as the one before', async () => {
    const parts = await app.query(
      `SELECT tableoid::regclass::text AS part, count(*)::int AS rows FROM search_documents GROUP BY 1 ORDER BY 1`,
    );
    expect(parts).toEqual([
      { part: 'search_documents_0', rows: 16 },
      { part: 'search_documents_1', rows: 48 },
      { part: 'search_documents_2', rows: 128 },
      { part: 'search_documents_3', rows: 320 },
    ]);
  });

  it('keep every row and its downloads when they are made, and when they are made one again', async () => {
    const [before, schema] = [await rows(), await schemaSnapshot(dataSource)];
    expect(before).toHaveLength(512);
    await migrate('down');
    expect(await rows()).toEqual(before);
    await migrate('up');
    expect(await rows()).toEqual(before);
    expect(await schemaSnapshot(dataSource)).toEqual(schema);
    await app.query('DELETE FROM search_documents');
    expect(await app.query('SELECT 1 FROM search_downloads')).toEqual([]);
  });
});
