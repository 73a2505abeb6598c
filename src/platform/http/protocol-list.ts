import type { ProtocolListMetaDto } from './protocol-list.dto.js';

const DEFAULT_LIMIT = 15;
const MAX_LIMIT = 100;
const MAX_OFFSET = 1_000_000_000;

/** A part of a list of the public registry API. */
export interface ProtocolPage {
  readonly offset: number;
  readonly limit: number;
}

/** Reads `offset` and `limit`: what is no number or too small becomes the default, what is too large the maximum. */
export function protocolPage(query: {
  readonly offset?: string | undefined;
  readonly limit?: string | undefined;
}): ProtocolPage {
  const limit = wholeNumber(query.limit);
  return {
    offset: Math.min(wholeNumber(query.offset) ?? 0, MAX_OFFSET),
    limit: Math.min(limit !== undefined && limit > 0 ? limit : DEFAULT_LIMIT, MAX_LIMIT),
  };
}

/**
 * The `meta` of a page. `path` is that of the list, `filters` what narrows it, given again in the addresses of the
 * neighboring pages.
 */
export function protocolMeta(
  path: string,
  filters: Readonly<Record<string, string | undefined>>,
  { offset, limit }: ProtocolPage,
  hasMore: boolean,
): ProtocolListMetaDto {
  const addressOf = (other: number): string => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, value);
    query.set('limit', String(limit));
    query.set('offset', String(other));
    return `${path}?${query}`;
  };
  const next = hasMore ? offset + limit : undefined;
  const previous = offset > 0 ? Math.max(0, offset - limit) : undefined;
  return {
    limit,
    current_offset: offset,
    ...(next !== undefined && { next_offset: next, next_url: addressOf(next) }),
    ...(previous !== undefined && { prev_offset: previous, prev_url: addressOf(previous) }),
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\+?\d+\s*$/.test(text) ? Number(text) : undefined;
}
