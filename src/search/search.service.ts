import { Injectable, Logger } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { SearchConfig } from '../config/search.config.js';
import { OrgAccess } from '../orgs/org-access.service.js';
import { Transactions } from '../platform/database/transactions.js';
import type { SearchAccess } from './search-access.js';
import { readTerms, type SearchTerms } from './domain/search-terms.js';
import type { SearchSelection } from './persistence/search-conditions.js';
import {
  keyOf,
  type PlacedHit,
  SearchResultsRepository,
  type SearchSummary,
  type SearchWindow,
} from './persistence/search-results.repository.js';
import { isAscending, readCursor, writeCursor } from './search-cursor.js';
import type { SearchPage, SearchRequest } from './search-request.js';
import { SearchSummaries } from './search-summaries.js';
import { SearchVocabulary } from './search-vocabulary.service.js';

const MAX_TOTAL = 10_000;

const SCOPES = { module: 'modules:read', provider: 'providers:read' } as const;

/** Finds modules and providers among those that a caller may read. */
@Injectable()
export class Search {
  private readonly logger = new Logger('Search');
  private readonly summaries = new SearchSummaries();

  constructor(
    private readonly results: SearchResultsRepository,
    private readonly vocabulary: SearchVocabulary,
    private readonly access: OrgAccess,
    private readonly transactions: Transactions,
    private readonly config: SearchConfig,
  ) {}

  /**
   * One page; rows that `principal` may not read are left out before anything is counted. Throws `InvalidInput` for a
   * text that is too long, `InvalidCursor`, and `DatabaseUnavailable` when it takes too long.
   */
  async find(principal: Principal, request: SearchRequest): Promise<SearchPage> {
    const terms = readTerms(request.q, request.match, this.config);
    const cursor = readCursor(request);
    const access = request.kinds.map((kind) => ({
      kind,
      readable: this.access.readable(principal, SCOPES[kind]),
    }));
    return this.transactions.run(async () => {
      await this.results.beQuick(this.config.statementTimeoutMs);
      const corrected = cursor?.corrected ?? [];
      const written = await this.select(access, request, terms, corrected);
      const page = await this.page(written, request, corrected);
      if (page.hits.length > 0 || cursor !== undefined || !(await this.findsNothing(written))) return page;
      const unknown = await this.unknownWords(access, request, terms);
      if (unknown.length === 0) return page;
      return this.page(await this.select(access, request, terms, unknown), request, unknown);
    });
  }

  private async select(
    access: SearchAccess,
    request: SearchRequest,
    { terms, exact }: SearchTerms,
    corrected: readonly number[],
  ): Promise<SearchSelection> {
    const matches = [];
    for (const [place, term] of terms.entries()) {
      const isWrong = corrected.includes(place) && this.vocabulary.isCorrectable(term);
      matches.push(await (isWrong ? this.vocabulary.corrected(term) : this.vocabulary.written(term)));
    }
    return { access, request, matches, ...(corrected.length === 0 && exact && { exact }) };
  }

  private async page(
    selection: SearchSelection,
    request: SearchRequest,
    corrected: readonly number[],
  ): Promise<SearchPage> {
    const { sort, limit, offset = 0 } = request;
    const after = readCursor(request)?.after;
    const window = {
      sort,
      isAscending: isAscending(request),
      rows: limit + 1,
      offset,
      ...(after && { after }),
    };
    const { summary, found } = await this.together(selection, window);
    const hits = found.slice(0, limit);
    const last = hits.at(-1);
    return {
      hits,
      total: Math.min(summary.total, MAX_TOTAL),
      isTotalCapped: summary.total > MAX_TOTAL,
      ...(found.length > limit &&
        last && { nextCursor: writeCursor(request, { after: keyOf(last, sort), corrected }) }),
      ...(request.withFacets === true && summary.facets && { facets: summary.facets }),
    };
  }

  /** Rows are looked at once for the page and the summary, unless the summary is known or they are very many. */
  private async together(
    { request, ...selection }: SearchSelection,
    window: SearchWindow,
  ): Promise<{ summary: SearchSummary; found: readonly PlacedHit[] }> {
    const { sort: _, order: _order, limit: _limit, offset: _offset, cursor: _cursor, ...asked } = request;
    const key = JSON.stringify([asked, selection]);
    const whole = { request, ...selection };
    const withFacets = request.withFacets === true;
    const counting = { limit: MAX_TOTAL, withFacets };
    let found: readonly PlacedHit[] | undefined;
    const summary = await this.summaries.get(key, async () => {
      const pass = await this.results.pass(whole, window, counting);
      found = pass.hits;
      return pass.summary;
    });
    if (this.summaries.isStale(key)) {
      const count = () => this.results.summary(whole, counting);
      this.transactions.afterCommit(() => this.countAgain(key, count));
    }
    return { summary, found: found ?? (await this.results.page(whole, window)) };
  }

  /** Nobody waits for this: what is held is good enough until it is done. */
  private countAgain(key: string, count: () => Promise<SearchSummary>): void {
    const counting = this.summaries.count(key, () =>
      this.transactions.run(async () => {
        await this.results.beQuick(this.config.statementTimeoutMs);
        return count();
      }),
    );
    counting.catch((error: unknown) => this.logger.warn(`Counting a large result failed: ${String(error)}`));
  }

  /** Only a text search takes words for misspelled, and only when they find nothing as they are. */
  private async findsNothing(written: SearchSelection): Promise<boolean> {
    const { match, offset = 0 } = written.request;
    if (match !== 'text' || written.matches.length === 0) return false;
    return offset === 0 || !(await this.results.exists(written));
  }

  /** The places of the words that no row has which the caller may see, whatever the filters are. */
  private async unknownWords(
    access: SearchAccess,
    { kinds, match, sort, limit }: SearchRequest,
    { terms }: SearchTerms,
  ): Promise<number[]> {
    const unknown: number[] = [];
    for (const [place, term] of terms.entries()) {
      if (!this.vocabulary.isCorrectable(term)) continue;
      const matches = [await this.vocabulary.written(term)];
      if (!(await this.results.exists({ access, request: { kinds, match, sort, limit }, matches })))
        unknown.push(place);
    }
    return unknown;
  }
}
