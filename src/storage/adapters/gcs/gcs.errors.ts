import { ObjectNotFound, ObjectStoreRejected, ObjectStoreUnavailable } from '../../object-store.errors.js';

/** Reasons of a 403 that are about how often, not about who: a later attempt may succeed. */
const TOO_OFTEN = /rateLimit|quota|dailyLimit|concurrentLimit/i;
/** The store found other bytes than were announced: they were damaged on the way. */
const DAMAGED = /hash|checksum|crc32c|md5/i;
/** What the egress guard says; the HTTP client of the SDK keeps the code and loses the error. */
const EGRESS_REFUSED = 'egress_refused';

/** Google Cloud Storage answered, and it is no success. */
export class GcsRefusal extends Error {
  constructor(
    readonly status: number,
    /** What the API calls the reason, e.g. `conditionNotMet`. */
    readonly reason: string | undefined,
    message: string,
  ) {
    super(message);
    this.name = 'GcsRefusal';
  }
}

/** What the credentials or the servers that issue tokens say about the server's account. Never shown to clients. */
export class GcsLoginFailed extends Error {
  constructor(
    /** HTTP status of the server of tokens; undefined when it did not answer. */
    readonly status: number | undefined,
    readonly code: string | undefined,
    message: string,
  ) {
    super(message);
    this.name = 'GcsLoginFailed';
  }
}

/**
 * What a failure of the authentication library means. Its errors hold whole requests; only the words are kept.
 */
export function loginError(error: unknown): Error {
  if (isSorted(error) || error instanceof GcsLoginFailed) return error;
  const { status, response, message } = error as {
    status?: number;
    response?: { status?: number };
    message?: string;
  };
  return new GcsLoginFailed(status ?? response?.status, codeOf(error), message ?? 'Unknown failure');
}

/**
 * Sorts a failure of Google Cloud Storage. A 404 means the bucket here: who asks for an object looks for it first.
 * What is not known to be permanent is `ObjectStoreUnavailable`.
 */
export function sortedError(error: unknown, operation: string): Error {
  if (isSorted(error)) return error;
  if (codeOf(error) === EGRESS_REFUSED) return rejected('settings', error);
  if (error instanceof GcsLoginFailed) return sortedLogin(error, operation);
  if (error instanceof GcsRefusal) return sortedRefusal(error, operation);
  return new ObjectStoreUnavailable(`${operation} ${codeOf(error) ?? ''}`.trim(), { cause: error });
}

/** Whether the same request may succeed in a moment: the network, or a server that is busy or failing. */
export function isPassing(error: unknown): boolean {
  if (isSorted(error) || error instanceof GcsLoginFailed || codeOf(error) === EGRESS_REFUSED) return false;
  return !(error instanceof GcsRefusal) || isBusy(error.status);
}

function sortedRefusal(error: GcsRefusal, operation: string): Error {
  const { status, reason = '', message } = error;
  if (status === 401) return rejected('denied', error);
  if (status === 403 && !TOO_OFTEN.test(reason)) return rejected('denied', error);
  if (status === 404 || (status === 400 && !DAMAGED.test(message))) return rejected('settings', error);
  return new ObjectStoreUnavailable(`${operation} ${status}`, { cause: error });
}

function sortedLogin(error: GcsLoginFailed, operation: string): Error {
  const { status } = error;
  if (status === 403) return rejected('denied', error);
  if (status !== undefined && status >= 400 && status < 500 && !isBusy(status))
    return rejected('settings', error);
  return new ObjectStoreUnavailable(`${operation} login ${status ?? error.code ?? ''}`.trim(), {
    cause: error,
  });
}

function rejected(reason: 'denied' | 'settings', cause: unknown): ObjectStoreRejected {
  return new ObjectStoreRejected(reason, undefined, { cause });
}

function isBusy(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function isSorted(error: unknown): error is Error {
  return (
    error instanceof ObjectNotFound ||
    error instanceof ObjectStoreRejected ||
    error instanceof ObjectStoreUnavailable
  );
}

function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
