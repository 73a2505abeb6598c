import { randomUUID } from 'node:crypto';

const ACCEPTED = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * The id of a request (REST contract 2.5): the value of its `X-Request-ID` header where that is harmless to
 * repeat in headers and log lines, a new UUID otherwise.
 */
export function requestId(headerValue: string | undefined): string {
  return headerValue !== undefined && ACCEPTED.test(headerValue) ? headerValue : randomUUID();
}
