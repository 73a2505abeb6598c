import {
  UpstreamAccessDenied,
  UpstreamAnswerInvalid,
  UpstreamBusy,
  UpstreamNotFound,
} from '../domain/mirror.errors.js';
import type { OpenAnswer } from './upstream-fetch.js';

const MAX_WAIT_SECONDS = 3600;
const WEB_PAGE: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);

/** Throws the failure that the status of an answer means, and one for a web page where a file or document is due. */
export function assertUsable({ response, url }: OpenAnswer, what: string): void {
  const { status, headers } = response;
  if (status === 401 || status === 403) throw new UpstreamAccessDenied(url.host, what, status);
  if (status === 404 || status === 410) throw new UpstreamNotFound(url.host, what);
  if (status === 429 || status >= 500) {
    throw new UpstreamBusy(url.host, what, status, retryAfter(headers.get('retry-after')));
  }
  if (status !== 200 && status !== 206) throw new UpstreamAnswerInvalid(url.host, what, `status ${status}`);
  if (WEB_PAGE.has(mediaTypeOf(headers))) {
    throw new UpstreamAnswerInvalid(url.host, what, 'it sent a web page, perhaps to sign in');
  }
}

/** In lower case and without parameters; empty when there is none. */
export function mediaTypeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

function retryAfter(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Math.min(Number(text), MAX_WAIT_SECONDS) : undefined;
}
