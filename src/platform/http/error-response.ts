import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorKind } from '../../kernel/errors.js';

const STATUS_BY_KIND: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  gone: 410,
  'too-large': 413,
  'unsupported-media-type': 415,
  'rate-limited': 429,
  'bad-gateway': 502,
  unavailable: 503,
};

/** Sentences for what the server below the routes refuses; its own texts are not shown. */
const SENTENCE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'Malformed request',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Malformed request',
  408: 'Request timed out',
  413: 'The request body is too large',
  414: 'The URL is too long',
  415: 'Unsupported content type: send application/json',
  429: 'Rate limit exceeded',
  431: 'The request headers are too large',
  503: 'The server is shutting down',
};

const RETRY_AFTER_SECONDS = 2;
const PROTOCOL_PREFIXES = [
  '/v1/modules',
  '/v1/providers',
  '/v2/modules',
  '/v2/providers',
  '/terraform/providers',
  '/terraform/binaries',
];
const MODULE_PREFIX = '/v1/modules/';
/** Routes of OAuth and OpenID Connect, whose clients understand errors in the form of RFC 6749, section 5.2. */
const OAUTH_PATHS: ReadonlySet<string> = new Set([
  '/api/v1/oauth/token',
  '/api/v1/auth/token-exchange',
  '/api/v1/auth/backchannel-logout',
]);

/** What an error becomes on the wire. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as one line of plain text. */
  readonly body: object | string;
}

/** The request an error is answered to. */
export interface FailedRequest {
  /** Request target: path and query. */
  readonly url: string;
  readonly requestId: string;
  /** Sent by every CLI; its value does not matter. */
  readonly terraformVersion?: string | undefined;
}

const MAX_REASON_PHRASE = 200;

/**
 * What a refused download says in the status line over HTTP/1.1, where the CLI shows it as it is; undefined for
 * the usual phrase.
 */
export function reasonPhrase({ status, body }: ErrorResponse): string | undefined {
  if (status !== STATUS_BY_KIND.gone) return undefined;
  const sentence = typeof body === 'string' ? body.trimEnd() : (body as { error: string }).error;
  return sentence.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_REASON_PHRASE);
}

/** The outcome of an error in the bodies of REST contract 2.3; what is unexpected becomes a bare 500. */
export function errorResponse(error: unknown, request: FailedRequest): ErrorResponse {
  return inFormOf(request, usualResponse(error, request));
}

function usualResponse(error: unknown, request: FailedRequest): ErrorResponse {
  if (error instanceof DomainError) return domainErrorResponse(error, request);
  const status = statusOf(error);
  if (status === undefined || (status >= 500 && status !== 503)) {
    return plainError(500, 'Internal server error', request, { request_id: request.requestId });
  }
  const sentence =
    error instanceof HttpException && status < 500 ? error.message : SENTENCE_BY_STATUS[status];
  return plainError(status, sentence ?? 'Malformed request', request);
}

/** The answer of this status for a target that no handler saw. */
export function statusResponse(status: number, request: FailedRequest): ErrorResponse {
  return inFormOf(request, plainError(status, SENTENCE_BY_STATUS[status] ?? 'Malformed request', request));
}

/** The same answer, on the routes of OAuth in the form of RFC 6749, whoever found the error. */
function inFormOf({ url }: FailedRequest, { status, headers, body }: ErrorResponse): ErrorResponse {
  if (typeof body === 'string' || !OAUTH_PATHS.has(url.split('?', 1)[0]!)) return { status, headers, body };
  const fields = body as { error: string; error_description?: string };
  const { error, error_description: description } = fields;
  const told =
    description === undefined ? { error: oauthError(status), error_description: inAscii(error) } : {};
  return { status, headers: { ...headers, 'cache-control': 'no-store' }, body: { ...fields, ...told } };
}

function oauthError(status: number): string {
  if (status === 429 || status === 503) return 'temporarily_unavailable';
  return status >= 500 ? 'server_error' : 'invalid_request';
}

/** The characters that a description may have there. */
function inAscii(sentence: string): string {
  return sentence.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'");
}

function domainErrorResponse(error: DomainError, request: FailedRequest): ErrorResponse {
  const status = STATUS_BY_KIND[error.kind];
  const headers = headersFor(status, error);
  if (
    error.kind === 'gone' &&
    request.terraformVersion !== undefined &&
    request.url.startsWith(MODULE_PREFIX)
  ) {
    return { status, headers, body: `${error.message}\n` };
  }
  const { details, fields, body } = error.facts;
  const known = {
    ...body,
    code: error.code,
    ...(details !== undefined && { details }),
    ...(fields !== undefined && { fields }),
    ...(status === 503 && { request_id: request.requestId }),
  };
  return { status, headers, body: withSentence(error.message, request, known) };
}

function plainError(
  status: number,
  sentence: string,
  request: FailedRequest,
  more: object = {},
): ErrorResponse {
  return { status, headers: headersFor(status), body: withSentence(sentence, request, more) };
}

/** `ProtocolError` where a CLI asks, `ApiError` everywhere else. */
function withSentence(sentence: string, { url }: FailedRequest, more: object): object {
  return isProtocolPath(url)
    ? { errors: [sentence], error: sentence, ...more }
    : { error: sentence, ...more };
}

function isProtocolPath(url: string): boolean {
  return PROTOCOL_PREFIXES.some((prefix) => {
    if (!url.startsWith(prefix)) return false;
    const next = url.charAt(prefix.length);
    return next === '' || next === '/' || next === '?';
  });
}

function headersFor(status: number, error?: DomainError): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  // A cache may keep a 410 by itself, and a version that is refused may be restored.
  if (status === STATUS_BY_KIND.gone) return { 'cache-control': 'no-store' };
  const seconds = error?.facts.retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined);
  return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : undefined;
}
