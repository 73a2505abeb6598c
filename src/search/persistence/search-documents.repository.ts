import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { SearchDocumentEntity } from './search-document.entity.js';

/** A row of `search_documents` as it is written: its words are lists. */
export type SearchDocumentRow = Omit<SearchDocumentEntity, 'head' | 'body'> & {
  readonly head: readonly string[];
  readonly body: readonly string[];
};

const COLUMNS: readonly (readonly [column: string, field: keyof SearchDocumentRow, type: string])[] = [
  ['id', 'id', 'uuid'],
  ['kind', 'kind', 'text'],
  ['organization_id', 'organizationId', 'uuid'],
  ['visibility', 'visibility', 'text'],
  ['namespace', 'namespace', 'text'],
  ['folded_namespace', 'foldedNamespace', 'text'],
  ['readers', 'readers', 'text'],
  ['name', 'name', 'text'],
  ['folded_name', 'foldedName', 'text'],
  ['system', 'system', 'text'],
  ['description', 'description', 'text'],
  ['source', 'source', 'text'],
  ['created_by', 'createdBy', 'uuid'],
  ['created_by_name', 'createdByName', 'text'],
  ['latest_version', 'latestVersion', 'text'],
  ['latest_published_at', 'latestPublishedAt', 'timestamptz'],
  ['versions', 'versions', 'integer'],
  ['is_deprecated', 'isDeprecated', 'boolean'],
  ['is_verified', 'isVerified', 'boolean'],
  ['provider_names', 'providerNames', 'text[]'],
  ['created_at', 'createdAt', 'timestamptz'],
  ['updated_at', 'updatedAt', 'timestamptz'],
  ['haystack', 'haystack', 'text'],
  ['head', 'head', 'text[]'],
  ['body', 'body', 'text[]'],
];

const NAMES = COLUMNS.map(([column]) => column);
const VALUES = COLUMNS.map(([column, , type], index) => {
  const value = `$${index + 1}::${type}`;
  return column === 'head' || column === 'body' ? `array_to_tsvector(${value})` : value;
});
const PUT = `
  INSERT INTO search_documents (${NAMES.join(', ')}) VALUES (${VALUES.join(', ')})
  ON CONFLICT (id) DO UPDATE SET ${NAMES.slice(1)
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')}`;

/** Writes the prepared table of searches. Joins the ambient transaction. */
@Injectable()
export class SearchDocumentsRepository extends BaseRepository<SearchDocumentEntity> {
  constructor(dataSource: DataSource) {
    super(SearchDocumentEntity, dataSource);
  }

  async has(id: string): Promise<boolean> {
    return this.repository.existsBy({ id });
  }

  /** Inserts or replaces a row. */
  async put(row: SearchDocumentRow): Promise<void> {
    await this.manager.query(
      PUT,
      COLUMNS.map(([, field]) => row[field]),
    );
  }

  async remove(id: string): Promise<void> {
    await this.repository.delete({ id });
  }

  /** Sets how often a new row was downloaded before. */
  async startDownloads(id: string, downloads: number): Promise<void> {
    await this.manager.query(
      `INSERT INTO search_downloads (document_id, downloads) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      [id, downloads],
    );
  }

  /** Downloads are not added up until the transaction ends; those being added are there when this returns. */
  async holdDownloads(): Promise<void> {
    await this.manager.query('LOCK TABLE download_counts_daily IN SHARE MODE');
  }

  /** Adds downloads by id. Rows are locked in the order of their ids. */
  async addDownloads(counts: ReadonlyMap<string, number>): Promise<void> {
    const ids = [...counts.keys()].sort();
    await this.manager.query(
      `SELECT 1 FROM search_downloads WHERE document_id = ANY($1::uuid[]) ORDER BY document_id FOR UPDATE`,
      [ids],
    );
    await this.manager.query(
      `WITH added AS (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS one (id, downloads)),
         changed AS (
           UPDATE search_downloads d SET downloads = d.downloads + added.downloads
           FROM added WHERE d.document_id = added.id RETURNING 1)
       SELECT count(*) FROM changed`,
      [ids, ids.map((id) => counts.get(id))],
    );
  }

  /** Gives everything in a namespace (folded) to an organization, which is a change of each. */
  async moveNamespace(folded: string, organizationId: string): Promise<void> {
    await this.change(
      'folded_namespace = $1 AND readers IS NULL',
      `organization_id = $2::uuid, updated_at = date_trunc('milliseconds', now())`,
      [folded, organizationId],
    );
  }

  /** Shows or hides everything in namespaces (folded), and what stands under these names of readers. */
  async changeVisibility(
    folded: readonly string[],
    visibility: SearchDocumentEntity['visibility'],
  ): Promise<void> {
    const which = '(folded_namespace = ANY($1::text[]) AND readers IS NULL OR readers = ANY($1::text[]))';
    await this.change(which, 'visibility = $2', [[...folded], visibility]);
  }

  private async change(which: string, change: string, values: unknown[]): Promise<void> {
    await this.manager.query(
      `WITH held AS MATERIALIZED (SELECT id FROM search_documents WHERE ${which} ORDER BY id FOR UPDATE),
         changed AS (UPDATE search_documents d SET ${change} FROM held WHERE d.id = held.id RETURNING 1)
       SELECT count(*) FROM changed`,
      values,
    );
  }
}
