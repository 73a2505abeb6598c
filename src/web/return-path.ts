import { returnPath } from '../auth/domain/return-path.js';

/** Where nobody wants to be after signing in, or where going changes something. */
const NEVER = /^\/(?:sign-in|api|v1|v2|terraform|webhooks|auth|assets)(?:[/?#]|$)/;
const AUTHORIZE = /^\/api\/v1\/oauth\/authorize\?/;

/** `text` as a page of this site to go on to; `undefined` for everything else (threat B12). */
export function pageToReturnTo(text: unknown): string | undefined {
  const path = typeof text === 'string' ? returnPath(text) : undefined;
  if (path === undefined || (NEVER.test(path) && !AUTHORIZE.test(path))) return undefined;
  return path;
}

/** `path` with the page to go on to afterwards. */
export function withReturn(path: string, target: string | undefined): string {
  if (target === undefined || target === '/') return path;
  return `${path}?${new URLSearchParams({ return_to: target }).toString()}`;
}
