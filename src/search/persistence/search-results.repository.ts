import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { SearchKey } from '../domain/search-key.js';
import type { SearchFacet, SearchHit, SearchSort } from '../search-request.js';
import { SearchConditions, type SearchSelection } from './search-conditions.js';
import { SearchDocumentEntity } from './search-document.entity.js';
import { ALIKE, FACET_COLUMNS, FACETS, type FacetRow } from './search-facets.js';

/** Which rows of a result are wanted. */
export interface SearchWindow {
  readonly sort: SearchSort;
  readonly isAscending: boolean;
  readonly rows: number;
  readonly offset: number;
  readonly after?: SearchKey;
}

/** A row with its place in the order. */
export interface PlacedHit extends SearchHit {
  readonly tier: number;
}

/** What a result is as a whole; more rows than the limit count as one more than it. */
export interface SearchSummary {
  readonly total: number;
  readonly facets: Readonly<Record<'kind' | 'namespace' | 'system' | 'provider', SearchFacet>>;
}

/** How rows are counted. */
export interface CountingOptions {
  /** More rows count as one more than it. */
  readonly limit: number;
  readonly withFacets: boolean;
}

/** A page and the result that it is a part of, from one look at its rows. */
export interface SearchPass {
  readonly summary: SearchSummary;
  /** `undefined`: there are too many rows to put them in order; `page` reads an index instead. */
  readonly hits: readonly PlacedHit[] | undefined;
}

type HitRow = Omit<PlacedHit, 'downloads'> & { readonly downloads: string };

const COLUMNS = {
  relevance: ['d.created_at', 'd.id', 'timestamptz'],
  created: ['d.created_at', 'd.id', 'timestamptz'],
  updated: ['d.updated_at', 'd.id', 'timestamptz'],
  name: ['d.folded_name', 'd.id', 'text'],
  downloads: ['w.downloads', 'w.document_id', 'bigint'],
} as const;

const HIT = `
  d.kind, d.id, d.organization_id AS "organizationId", coalesce(o.name, '') AS "organizationName", d.namespace, d.name,
  d.system, d.description, d.source, d.latest_version AS "latestVersion",
  d.latest_published_at AS "latestPublishedAt", coalesce(w.downloads, 0) AS downloads,
  d.is_deprecated AS deprecated, d.is_verified AS verified, d.created_by AS "createdBy",
  d.created_by_name AS "createdByName", d.created_at AS "createdAt", d.updated_at AS "updatedAt"`;

const HIT_TABLES = `search_documents d ON d.id = found.id LEFT JOIN search_downloads w ON w.document_id = d.id
  LEFT JOIN organizations o ON o.id = d.organization_id`;

const BITMAP_MEMORY = '32MB';

/** Reads `search_documents`. Every statement filters by what the caller may read before anything is cut or counted. */
@Injectable()
export class SearchResultsRepository extends BaseRepository<SearchDocumentEntity> {
  constructor(dataSource: DataSource) {
    super(SearchDocumentEntity, dataSource);
  }

  /**
   * Statements of the surrounding transaction end after `milliseconds`. They are short: compiling them, or starting
   * workers for them, would take longer than they do; and without workers the parts of a result come in their order.
   * Reading the whole table looks cheap to the planner where few rows are wanted of many, and is not when few fit. A
   * bitmap that does not fit into the memory forgets rows and remembers pages, each row of which is then compared again.
   * The costs are those of tables in memory: with the usual ones all rows of a frequent word are fetched from its index
   * in order to spare a few pages of the other word.
   */
  async beQuick(milliseconds: number): Promise<void> {
    await this.manager.query(
      `SELECT set_config('statement_timeout', $1, true), set_config('jit', 'off', true),
         set_config('max_parallel_workers_per_gather', '0', true), set_config('enable_seqscan', 'off', true),
         set_config('random_page_cost', '1.1', true), set_config('cpu_index_tuple_cost', '0.05', true),
         set_config('work_mem', '${BITMAP_MEMORY}', true)`,
      [String(milliseconds)],
    );
  }

  /** The rows of a window, in its order. */
  async page(selection: SearchSelection, window: SearchWindow): Promise<PlacedHit[]> {
    const conditions = new SearchConditions(selection);
    const parts =
      window.sort === 'relevance' && selection.matches.length > 0
        ? tiersOf(conditions, window)
        : [partOf(conditions, window, 0, conditions.fits())];
    if (parts.length === 0) return [];
    const rows = (await this.manager.query(
      `WITH found AS MATERIALIZED (
         SELECT tier, id, row_number() OVER () AS place FROM (${parts.join(' UNION ALL ')}) AS parts
         LIMIT ${conditions.bind(window.rows, 'bigint')} OFFSET ${conditions.bind(window.offset, 'bigint')})
       SELECT found.tier, ${HIT} FROM found JOIN ${HIT_TABLES} ORDER BY found.place`,
      conditions.values,
    )) as HitRow[];
    return rows.map(placed);
  }

  /** The rows of a window and the summary, each row of which is looked at once. */
  async pass(
    selection: SearchSelection,
    window: SearchWindow,
    counting: CountingOptions,
  ): Promise<SearchPass> {
    const { limit, withFacets } = counting;
    const conditions = new SearchConditions(selection);
    const rows = (await this.manager.query(
      `WITH ${matchedOf(conditions, window, counting)}
       SELECT 'total' AS facet, '' AS value, count(*)::int AS count FROM matched
       ${withFacets ? FACETS : ''}
       UNION ALL SELECT 'hit', id::text, tier FROM (SELECT id, tier FROM ${valued(window)}
         WHERE (SELECT count(*) FROM matched) <= ${conditions.bind(limit, 'bigint')}${afterKey(conditions, window)}
         ORDER BY ${orderOf(window)}
         LIMIT ${conditions.bind(window.rows, 'bigint')} OFFSET ${conditions.bind(window.offset, 'bigint')}) AS hits`,
      conditions.values,
    )) as FacetRow[];
    const summary = summaryOf(rows);
    if (summary.total > limit) return { summary, hits: undefined };
    return { summary, hits: await this.hits(rows.filter(({ facet }) => facet === 'hit')) };
  }

  private async hits(places: readonly FacetRow[]): Promise<PlacedHit[]> {
    if (places.length === 0) return [];
    const rows = (await this.manager.query(
      `SELECT found.tier, ${HIT}
       FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS found (id, tier, place) JOIN ${HIT_TABLES}
       ORDER BY found.place`,
      [places.map(({ value }) => value), places.map(({ count }) => count)],
    )) as HitRow[];
    return rows.map(placed);
  }

  /** Counts rows, up to `limit` and one, and what they have in common. */
  async summary(selection: SearchSelection, { limit, withFacets }: CountingOptions): Promise<SearchSummary> {
    const conditions = new SearchConditions(selection);
    const where = [...conditions.filters(), ...conditions.fits()].join(' AND ');
    const rows = (await this.manager.query(
      `WITH matched AS MATERIALIZED (
         SELECT ${withFacets ? FACET_COLUMNS : '1'} FROM search_documents d WHERE ${where}
         LIMIT ${conditions.bind(limit + 1, 'bigint')})${withFacets ? `, ${ALIKE}` : ''}
       SELECT 'total' AS facet, '' AS value, count(*)::int AS count FROM matched
       ${withFacets ? FACETS : ''}`,
      conditions.values,
    )) as FacetRow[];
    return summaryOf(rows);
  }

  /** Whether there is any row. */
  async exists(selection: SearchSelection): Promise<boolean> {
    const conditions = new SearchConditions(selection);
    const where = [...conditions.filters(), ...conditions.fits()].join(' AND ');
    const rows = (await this.manager.query(
      `SELECT 1 FROM search_documents d WHERE ${where} LIMIT 1`,
      conditions.values,
    )) as unknown[];
    return rows.length > 0;
  }
}

function placed(row: HitRow): PlacedHit {
  return { ...row, downloads: Number(row.downloads) };
}

function summaryOf(rows: readonly FacetRow[]): SearchSummary {
  const facet = (name: string): SearchFacet =>
    rows.filter((row) => row.facet === name).map(({ value, count }) => ({ value, count }));
  return {
    total: facet('total')[0]?.count ?? 0,
    facets: {
      kind: facet('kind'),
      namespace: facet('namespace'),
      system: facet('system'),
      provider: facet('provider'),
    },
  };
}

/** All rows of a result, up to one more than `limit`, with their place in the order. */
function matchedOf(
  conditions: SearchConditions,
  { sort }: SearchWindow,
  { limit, withFacets }: CountingOptions,
): string {
  const where = [...conditions.filters(), ...conditions.fits()].join(' AND ');
  const columns = [
    'd.id',
    `${sort === 'relevance' ? conditions.tier() : '0'} AS tier`,
    ...(sort === 'downloads' ? [] : [`${COLUMNS[sort][0]} AS value`]),
    ...(withFacets ? [FACET_COLUMNS] : []),
  ];
  return `matched AS MATERIALIZED (
    SELECT ${columns.join(', ')} FROM search_documents d
    WHERE ${where} LIMIT ${conditions.bind(limit + 1, 'bigint')})${withFacets ? `, ${ALIKE}` : ''}`;
}

/** Downloads are looked up when it is known that the rows are put in order: one by one they take longer than counting. */
function valued({ sort }: SearchWindow): string {
  if (sort !== 'downloads') return 'matched';
  return `(SELECT id, tier, downloads AS value FROM matched JOIN search_downloads ON document_id = id) AS valued`;
}

function orderOf({ isAscending }: SearchWindow): string {
  const direction = isAscending ? 'ASC' : 'DESC';
  return `tier, value ${direction}, id ${direction}`;
}

/** The rows behind the last one of the page before. */
function afterKey(conditions: SearchConditions, { after, sort, isAscending }: SearchWindow): string {
  if (after === undefined) return '';
  const type = COLUMNS[sort][2];
  const key = typeof after.value === 'number' && type === 'timestamptz' ? new Date(after.value) : after.value;
  const place = `(${conditions.bind(key, type)}, ${conditions.bind(after.id, 'uuid')})`;
  const tier = conditions.bind(after.tier, 'int');
  return ` AND (tier > ${tier} OR tier = ${tier} AND (value, id) ${isAscending ? '>' : '<'} ${place})`;
}

/** The best fitting rows first, each part in its order; the later parts are computed when they are needed only. */
function tiersOf(conditions: SearchConditions, window: SearchWindow): string[] {
  const first = window.after?.tier ?? 0;
  const parts: string[] = [];
  const isExact = (): string | undefined => conditions.isExact();
  const notExact = (): string[] => {
    const exact = isExact();
    return exact === undefined ? [] : [`${exact} IS NOT TRUE`];
  };
  if (first <= 0) {
    const exact = isExact();
    if (exact !== undefined) parts.push(partOf(conditions, window, 0, [exact, ...conditions.fitsHead()]));
  }
  if (first <= 1) parts.push(partOf(conditions, window, 1, [...conditions.fitsHead(), ...notExact()]));
  const body = conditions.fitsBody();
  if (!body.includes('false')) parts.push(partOf(conditions, window, 2, body));
  return parts;
}

function partOf(
  conditions: SearchConditions,
  window: SearchWindow,
  tier: number,
  fits: readonly string[],
): string {
  const [value, id, type] = COLUMNS[window.sort];
  const where = [...conditions.filters(), ...fits];
  const { after } = window;
  if (after?.tier === tier) {
    const key =
      typeof after.value === 'number' && type === 'timestamptz' ? new Date(after.value) : after.value;
    const place = `(${conditions.bind(key, type)}, ${conditions.bind(after.id, 'uuid')})`;
    where.push(`(${value}, ${id}) ${window.isAscending ? '>' : '<'} ${place}`);
  }
  const from =
    window.sort === 'downloads'
      ? 'search_downloads w JOIN search_documents d ON d.id = w.document_id'
      : 'search_documents d';
  const direction = window.isAscending ? 'ASC' : 'DESC';
  const limit = conditions.bind(window.offset + window.rows, 'bigint');
  return `(SELECT ${tier} AS tier, d.id FROM ${from} WHERE ${where.join(' AND ')}
    ORDER BY ${value} ${direction}, ${id} ${direction} LIMIT ${limit})`;
}

/** The value that the order of a result goes by. */
export function keyOf(hit: PlacedHit, sort: SearchSort): SearchKey {
  const { tier, id } = hit;
  switch (sort) {
    case 'name':
      return { tier, id, value: hit.name.toLowerCase() };
    case 'downloads':
      return { tier, id, value: hit.downloads };
    case 'updated':
      return { tier, id, value: hit.updatedAt.getTime() };
    default:
      return { tier, id, value: hit.createdAt.getTime() };
  }
}
