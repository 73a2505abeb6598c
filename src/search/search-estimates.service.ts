import { Injectable } from '@nestjs/common';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import { expectedRows } from './domain/expected-rows.js';
import type { SearchMatch } from './domain/search-match.js';
import {
  SearchFrequenciesRepository,
  type WordFrequencies,
} from './persistence/search-frequencies.repository.js';

/** With so many expected rows, counting to its limit ends long before the last one. */
const VERY_MANY = 20_000;
const LIFE_MS = 10 * 60_000;

/** Says whether a question is likely to fit very many rows. It decides how rows are read, and nothing about the answer. */
@Injectable()
export class SearchEstimates {
  private readonly known = new MemoryCache<WordFrequencies>({ lifeMs: LIFE_MS, maxEntries: 1 });

  constructor(private readonly frequencies: SearchFrequenciesRepository) {}

  /** Whether more rows are expected than are ever counted. */
  async areVeryMany(matches: readonly SearchMatch[]): Promise<boolean> {
    if (matches.length === 0) return false;
    const { value } = await this.known.get('', () => this.frequencies.frequencies(VERY_MANY / 20));
    return value.rows > VERY_MANY && expectedRows(matches, value) > VERY_MANY;
  }
}
