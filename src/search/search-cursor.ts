import { createHash } from 'node:crypto';
import { isUuid } from '../kernel/uuid.js';
import type { SearchKey } from './domain/search-key.js';
import { InvalidCursor } from './domain/search.errors.js';
import type { SearchRequest } from './search-request.js';

const MAX_LENGTH = 1_000;
const LATEST_MS = 8_640_000_000_000_000;

/** Where the next page begins, and which words of the query (by place) were taken for misspelled. */
export interface SearchCursor {
  readonly after: SearchKey;
  readonly corrected: readonly number[];
}

/** The text of a cursor; it is good for requests that differ in their limit only. It holds nothing that is not shown. */
export function writeCursor(request: SearchRequest, { after, corrected }: SearchCursor): string {
  const { tier, value, id } = after;
  return Buffer.from(JSON.stringify([fingerprint(request), tier, value, id, corrected])).toString(
    'base64url',
  );
}

/** Reads a cursor back. Throws {@link InvalidCursor} for one of another search, or of none. */
export function readCursor(request: SearchRequest): SearchCursor | undefined {
  if (request.cursor === undefined || request.cursor === '') return undefined;
  if (request.cursor.length > MAX_LENGTH) throw new InvalidCursor();
  const [mark, tier, value, id, corrected] = parsed(request.cursor);
  const isTier = tier === 0 || tier === 1 || tier === 2;
  if (mark !== fingerprint(request) || !isTier || typeof id !== 'string' || !isUuid(id))
    throw new InvalidCursor();
  if (!isValue(request, value) || !Array.isArray(corrected)) throw new InvalidCursor();
  if (!corrected.every((place) => Number.isInteger(place) && place >= 0)) throw new InvalidCursor();
  return { after: { tier, value, id }, corrected: corrected as number[] };
}

function parsed(cursor: string): unknown[] {
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(content) ? content : [];
  } catch {
    throw new InvalidCursor();
  }
}

function isValue({ sort }: SearchRequest, value: unknown): value is string | number {
  if (sort === 'name') return typeof value === 'string' && value.length <= 64 && !value.includes('\0');
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LATEST_MS;
}

/** Everything that decides about the order and the rows. */
function fingerprint(request: SearchRequest): string {
  const { kinds, q, match, namespace, name, system, provider, verified, deprecated, publishedOnly } = request;
  const facts = [kinds, q, match, namespace, name, system, provider, verified, deprecated, publishedOnly];
  const text = JSON.stringify([...facts, request.sort, isAscending(request)]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

/** Names go upward, everything else downward, unless the request says otherwise; relevance has one direction. */
export function isAscending({ sort, order }: SearchRequest): boolean {
  if (sort === 'relevance') return false;
  return (order ?? (sort === 'name' ? 'asc' : 'desc')) === 'asc';
}
