/** Which part of a list is wanted (REST contract 2.7, style B): pages count from 1. */
export interface PageRequest {
  readonly page: number;
  readonly perPage: number;
}

/** One part of a list; `total` counts the whole list. */
export interface Page<T> extends PageRequest {
  readonly items: readonly T[];
  readonly total: number;
}

const MAX_PAGE = 1_000_000_000;

/**
 * Reads the two parameters of a list: what is no number or below 1 becomes the default, what is above the maximum
 * the maximum.
 */
export function pageRequest(
  query: { readonly page?: string | undefined; readonly per_page?: string | undefined },
  limits: { readonly perPage: number; readonly maxPerPage: number },
): PageRequest {
  return {
    page: Math.min(countOf(query.page) ?? 1, MAX_PAGE),
    perPage: Math.min(countOf(query.per_page) ?? limits.perPage, limits.maxPerPage),
  };
}

function countOf(text: string | undefined): number | undefined {
  const count = text !== undefined && /^\s*\+?\d+\s*$/.test(text) ? Number(text) : 0;
  return count >= 1 ? count : undefined;
}
