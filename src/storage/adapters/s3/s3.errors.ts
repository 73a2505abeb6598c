import { DomainError } from '../../../kernel/errors.js';
import {
  ObjectNotFound,
  ObjectStoreRejected,
  ObjectStoreUnavailable,
  type RejectionReason,
} from '../../object-store.errors.js';

/** The only code that says that an object is missing; other answers 404 are about buckets, uploads or proxies. */
const MISSING = 'NoSuchKey';

/** What is refused for good whatever the status says; every other code is sorted by its status. */
const REFUSALS: Readonly<Record<string, RejectionReason>> = {
  AccessDenied: 'denied',
  AccountProblem: 'denied',
  AllAccessDisabled: 'denied',
  IDPRejectedClaim: 'denied',
  InvalidIdentityToken: 'denied',
  AuthorizationHeaderMalformed: 'settings',
  AuthorizationQueryParametersError: 'settings',
  CredentialsProviderError: 'settings',
  IllegalLocationConstraint: 'settings',
  InvalidAccessKeyId: 'settings',
  InvalidBucketName: 'settings',
  InvalidObjectState: 'settings',
  InvalidStorageClass: 'settings',
  NoSuchBucket: 'settings',
  NotImplemented: 'settings',
  PermanentRedirect: 'settings',
  SignatureDoesNotMatch: 'settings',
  // The name of an error of the connections, which the SDK passes on.
  EgressRefused: 'settings',
};

/** Statuses below 500 and codes with such a status that another attempt may change. */
const PASSING_STATUSES = new Set([404, 408, 409, 412, 416, 425, 429]);
const PASSING_CODES = new Set([
  'BadDigest',
  'ExpiredToken',
  'IDPCommunicationError',
  'IncompleteBody',
  'InvalidPart',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'Throttling',
  'XAmzContentSHA256Mismatch',
]);

/** The error code of S3 or STS, or the name of an error that never came to an answer; never with `Exception` behind it. */
export function s3ErrorCode(error: unknown): string {
  return ((error as Error | undefined)?.name ?? '').replace(/Exception$/, '');
}

/** The status of the answer; undefined when there was none. */
export function s3Status(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
}

/** Whether an answer to HEAD says that there is nothing. It has no body: also a missing bucket looks like this. */
export function saysNothingThere(error: unknown): boolean {
  return s3Status(error) === 404;
}

/** Whether a conditional write found an object. */
export function saysOccupied(error: unknown): boolean {
  return s3Status(error) === 412 || s3ErrorCode(error) === 'PreconditionFailed';
}

/** Whether a conditional write met another write or removal under way: it has to begin anew. */
export function saysConflict(error: unknown): boolean {
  return s3Status(error) === 409;
}

/** Whether a vendor does not know something in the request, such as a conditional write. */
export function saysNotImplemented(error: unknown): boolean {
  return s3Status(error) === 501 || s3ErrorCode(error) === 'NotImplemented';
}

/** Whether the range that was asked for lies outside the object. */
export function saysRangeIsOutside(error: unknown): boolean {
  return s3Status(error) === 416;
}

/**
 * Sorts a failure of a call by the code and the status of the answer. What is not known to be permanent (throttling,
 * 5xx, timeouts, broken connections, answers that nobody understands) is `ObjectStoreUnavailable`. Errors that are
 * sorted already come back as they are.
 */
export function sortedError(error: unknown, operation: string): Error {
  if (error instanceof ObjectNotFound) return error;
  if (error instanceof ObjectStoreRejected || error instanceof ObjectStoreUnavailable) return error;
  const code = s3ErrorCode(error);
  const cause = causeOf(error);
  if (code === MISSING) return new ObjectNotFound({ cause });
  const reason = REFUSALS[code] ?? reasonOf(code, s3Status(error) ?? 0);
  if (reason) return new ObjectStoreRejected(reason, undefined, { cause });
  return new ObjectStoreUnavailable(`${operation} ${code}`.trim(), { cause });
}

/** Why an answer of this status refuses for good; undefined when it does not, or when there was no answer. */
function reasonOf(code: string, status: number): RejectionReason | undefined {
  if (PASSING_CODES.has(code) || PASSING_STATUSES.has(status)) return undefined;
  if (status === 401 || status === 403) return 'denied';
  return status >= 300 && status < 500 ? 'settings' : undefined;
}

/** What the log may say about a failure: not the answer itself, which repeats what was signed. */
function causeOf(error: unknown): unknown {
  const status = s3Status(error);
  if (status === undefined || error instanceof DomainError) return error;
  const id = (error as { $metadata: { requestId?: string } }).$metadata.requestId ?? 'none';
  return new Error(`S3 answered ${status} ${s3ErrorCode(error)} (request id ${id})`);
}
