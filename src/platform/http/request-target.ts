const PLAIN = /^[\x21-\x24\x26-\x7e]*$/;
const ENCODED_SEPARATOR = /%(?:2f|5c|00)/i;
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * Why a request target is not taken, or `undefined`. Refused are NUL, encoded slashes and backslashes, dot
 * segments in any spelling, bytes that are not printable ASCII, and percent-encoding that is not UTF-8; so a
 * path means the same for the router, the guards and every proxy in front.
 */
export function refusedTarget(target: string): string | undefined {
  const queryStart = target.indexOf('?');
  const path = queryStart === -1 ? target : target.slice(0, queryStart);
  if (!path.startsWith('/') && target !== '*') return 'The request target must be a path';
  if (DOT_SEGMENT.test(path) || path.includes('\\')) return 'The path contains dot segments or a backslash';
  if (PLAIN.test(target)) return undefined;
  if (ENCODED_SEPARATOR.test(path)) return 'The path contains an encoded slash, backslash or NUL';
  if (target.includes('%00')) return 'The query contains NUL';
  try {
    decodeURIComponent(path);
    decodeURIComponent(target.slice(path.length));
  } catch {
    return 'The URL is not valid percent-encoded UTF-8';
  }
  return PLAIN.test(target.replaceAll('%', ''))
    ? undefined
    : 'The URL contains bytes that must be percent-encoded';
}
