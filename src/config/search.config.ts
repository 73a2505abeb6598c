import { Setting } from './setting.decorator.js';

/** How much one search may ask for. */
export class SearchConfig {
  @Setting({
    key: 'search.max_query_length',
    type: 'int',
    min: 1,
    max: 4_096,
    description: 'Longest text of a search, in characters.',
  })
  readonly maxQueryLength: number = 256;

  @Setting({
    key: 'search.max_words',
    type: 'int',
    min: 1,
    max: 64,
    description: 'Most words of a search.',
  })
  readonly maxWords: number = 16;

  @Setting({
    key: 'search.statement_timeout',
    type: 'duration',
    min: 10,
    max: 60_000,
    description: 'Longest time of one statement of a search; then the answer is 503.',
  })
  readonly statementTimeoutMs: number = 2_000;
}
