import type { SearchMetaDto, SearchOffsetQueryDto, SearchPageQueryDto } from './search-meta.dto.js';
import type { SearchPage, SearchRequest } from './search-request.js';

const DEFAULT_LIMIT = 20;
const MAX_OFFSET = 10_000;

/** The parts of a search that say which rows in which order. */
export type SearchPaging = Required<Pick<SearchRequest, 'sort' | 'limit' | 'offset'>> &
  Pick<SearchRequest, 'order' | 'cursor'>;

/**
 * Reads the parameters of a list (REST contract 2.7, style A): what is no number or too small becomes the default,
 * what is too large the maximum. A cursor says by itself where the page begins.
 */
export function readPaging(query: SearchPageQueryDto & SearchOffsetQueryDto, maxLimit: number): SearchPaging {
  const limit = Math.min(countOf(query.limit, 1) ?? countOf(query.per_page, 1) ?? DEFAULT_LIMIT, maxLimit);
  const page = countOf(query.page, 1);
  const offset = countOf(query.offset, 0) ?? (page === undefined ? 0 : (page - 1) * limit);
  const { sort = 'relevance', order, cursor } = query;
  const hasCursor = cursor !== undefined && cursor !== '';
  return {
    sort,
    limit,
    offset: hasCursor ? 0 : Math.min(offset, MAX_OFFSET),
    ...(order !== undefined && { order }),
    ...(hasCursor && { cursor }),
  };
}

/** `SearchMeta` of REST contract 4. */
export function presentMeta(
  { limit, offset }: SearchPaging,
  { total, isTotalCapped, nextCursor }: SearchPage,
): SearchMetaDto {
  return {
    limit,
    offset,
    total,
    ...(isTotalCapped && { total_capped: true }),
    ...(nextCursor !== undefined && { next_cursor: nextCursor }),
  };
}

function countOf(text: string | undefined, least: number): number | undefined {
  const count = text !== undefined && /^\s*\+?\d+\s*$/.test(text) ? Number(text) : -1;
  return count >= least ? count : undefined;
}
