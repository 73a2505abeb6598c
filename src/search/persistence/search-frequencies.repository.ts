import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { SearchDocumentEntity } from './search-document.entity.js';

/** How many rows there are, and how many of them have each of the most frequent words; as of the last statistics. */
export interface WordFrequencies {
  readonly rows: number;
  readonly head: ReadonlyMap<string, number>;
  readonly body: ReadonlyMap<string, number>;
}

/** Reads what PostgreSQL knows about the words of `search_documents`: it says how to look, never what is found. */
@Injectable()
export class SearchFrequenciesRepository extends BaseRepository<SearchDocumentEntity> {
  constructor(dataSource: DataSource) {
    super(SearchDocumentEntity, dataSource);
  }

  /** The words that more than `rows` rows have, with their share of all rows. */
  async frequencies(rows: number): Promise<WordFrequencies> {
    const [table] = (await this.manager.query(
      `SELECT greatest(reltuples, 0)::float8 AS rows FROM pg_class WHERE oid = 'search_documents'::regclass`,
    )) as { rows: number }[];
    const all = table?.rows ?? 0;
    const words = (await this.manager.query(
      `SELECT s.attname AS column, e.word, e.share::float8 AS share
       FROM pg_stats s, unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) AS e (word, share)
       WHERE s.schemaname = current_schema() AND s.tablename = 'search_documents'
         AND s.attname IN ('head', 'body') AND e.word IS NOT NULL AND e.share * $1 > $2`,
      [all, rows],
    )) as { column: 'head' | 'body'; word: string; share: number }[];
    const of = (column: 'head' | 'body'): ReadonlyMap<string, number> =>
      new Map(words.filter((one) => one.column === column).map(({ word, share }) => [word, share]));
    return { rows: all, head: of('head'), body: of('body') };
  }
}
