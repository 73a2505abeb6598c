import { OutboundFailed } from './outbound-http.errors.js';
import type { OutboundRequest } from './outbound-request.js';

/** One request of a chain of redirects. */
export interface OutboundHop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: NonNullable<OutboundRequest['body']> | null;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What may cross to another origin; everything else may be a credential. */
const HARMLESS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'range',
  'user-agent',
]);
const OF_BODY = ['content-type', 'content-length', 'content-encoding', 'content-language'];

/**
 * The request that a redirect asks for; `undefined` when `response` is none. Credentials stay with their origin,
 * https stays https, and a body is never sent to another origin. Throws {@link OutboundFailed}.
 */
export function nextHop(hop: OutboundHop, response: Response): OutboundHop | undefined {
  const location = response.headers.get('location');
  if (!REDIRECTS.has(response.status) || location === null) return undefined;
  const { hostname, origin, protocol } = hop.url;
  if (!URL.canParse(location, hop.url)) throw OutboundFailed.redirected(hostname, 'its address is unusable');
  const url = new URL(location, hop.url);
  if (protocol === 'https:' && url.protocol === 'http:') {
    throw OutboundFailed.redirected(hostname, 'it leaves https');
  }
  const headers = new Headers(hop.headers);
  const becomesGet =
    response.status === 303 ? hop.method !== 'HEAD' : response.status <= 302 && hop.method === 'POST';
  if (url.origin !== origin) {
    for (const name of hop.headers.keys()) if (!HARMLESS.has(name)) headers.delete(name);
    if (!becomesGet && hop.body !== null) {
      throw OutboundFailed.redirected(hostname, 'it takes the body to another origin');
    }
  }
  if (!becomesGet) return { ...hop, url, headers };
  for (const name of OF_BODY) headers.delete(name);
  return { url, headers, method: 'GET', body: null };
}
