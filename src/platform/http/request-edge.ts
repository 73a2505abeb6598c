import { MalformedRequest } from './http.errors.js';
import { refusedTarget } from './request-target.js';

const CREDENTIAL_IN_QUERY = /[?&](?:access_token=|[^=&]*=tfrs?_[A-Za-z0-9_-]{20})/;
/** The page to which a browser comes back after sign-in, with a session handle that proves nothing by itself. */
const SIGNED_IN = /^\/auth\/callback\?token=tfrs_[A-Za-z0-9_-]{22}(?:&|$)/;

/** The parts of a request that are checked before routing. */
export interface EdgeRequest {
  readonly url?: string;
  readonly httpVersion: string;
  readonly headers: { readonly authorization?: string; readonly host?: string };
  readonly rawHeaders: readonly string[];
}

/** Whether more than one `Authorization` header came; Node keeps only the first in `headers`. */
export function hasTwoCredentials({ headers, rawHeaders }: EdgeRequest): boolean {
  if (headers.authorization === undefined) return false;
  let found = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name !== undefined && name.length === 13 && name.toLowerCase() === 'authorization') found += 1;
  }
  return found > 1;
}

/**
 * What is wrong with a request before anybody looks at its meaning: its target (threat W6), two credentials, or a
 * credential in the query string (REST contract 2.2, rule 6).
 */
export function refusedAtEdge(request: EdgeRequest): MalformedRequest | undefined {
  const target = request.url ?? '/';
  const reason = refusedTarget(target);
  if (reason !== undefined) return new MalformedRequest(reason);
  if (request.headers.host === undefined && request.httpVersion === '1.1') {
    return new MalformedRequest('The Host header is missing');
  }
  if (hasTwoCredentials(request)) return new MalformedRequest('Send one Authorization header, not several');
  if (target.includes('=tfr') || target.includes('access_token=')) {
    if (CREDENTIAL_IN_QUERY.test(target.replace(SIGNED_IN, '?'))) {
      return new MalformedRequest('Send credentials in the Authorization header, never in the URL');
    }
  }
  return undefined;
}
