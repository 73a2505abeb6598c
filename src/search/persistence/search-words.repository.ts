import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { SearchWordEntity } from './search-word.entity.js';

/** How alike words must be to be compared letter by letter; part of what a misspelling is. */
const SIMILARITY = 0.3;

/**
 * The words of all names and descriptions. They say nothing about who may see what: a word found here only says where
 * to look.
 */
@Injectable()
export class SearchWordsRepository extends BaseRepository<SearchWordEntity> {
  constructor(dataSource: DataSource) {
    super(SearchWordEntity, dataSource);
  }

  /** Adds what is new. Words are locked in their order, so that two publishers never wait for each other. */
  async add(words: readonly string[]): Promise<void> {
    await this.manager.query(
      `INSERT INTO search_words (word)
       SELECT word FROM unnest($1::text[]) AS given (word)
       WHERE NOT EXISTS (SELECT 1 FROM search_words known WHERE known.word = given.word)
       ORDER BY word COLLATE "C" ON CONFLICT DO NOTHING`,
      [[...words]],
    );
  }

  /** Words that contain `part` (letters and digits only); at most `limit`. */
  async containing(part: string, limit: number): Promise<string[]> {
    return this.words(`word LIKE $1 LIMIT $2`, [`%${part}%`, limit]);
  }

  /** Words that look like `word`; at most `limit`, the most alike first. */
  async like(word: string, limit: number): Promise<string[]> {
    await this.manager.query(`SELECT set_config('pg_trgm.similarity_threshold', $1, true)`, [
      String(SIMILARITY),
    ]);
    return this.words(`word % $1 ORDER BY similarity(word, $1) DESC, word LIMIT $2`, [word, limit]);
  }

  private async words(condition: string, values: unknown[]): Promise<string[]> {
    const rows = (await this.manager.query(`SELECT word FROM search_words WHERE ${condition}`, values)) as {
      word: string;
    }[];
    return rows.map(({ word }) => word);
  }
}
