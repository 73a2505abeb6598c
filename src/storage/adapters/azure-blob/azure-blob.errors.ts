import { RestError } from '@azure/storage-blob';
import { DomainError } from '../../../kernel/errors.js';
import { EgressRefused } from '../../../platform/outbound-http/outbound-http.errors.js';
import {
  ObjectNotFound,
  ObjectStoreRejected,
  ObjectStoreUnavailable,
  type RejectionReason,
} from '../../object-store.errors.js';

/** The only answer that says that an object is missing; a 404 of another name may be about anything. */
const MISSING = 'BlobNotFound';

/** What is refused for good, by the error code; every other failure is worth another attempt. */
const REFUSALS: Readonly<Record<string, RejectionReason>> = {
  AuthenticationFailed: 'denied',
  AuthorizationFailure: 'denied',
  AuthorizationPermissionMismatch: 'denied',
  AuthorizationProtocolMismatch: 'denied',
  AuthorizationResourceTypeMismatch: 'denied',
  AuthorizationServiceMismatch: 'denied',
  AuthorizationSourceIPMismatch: 'denied',
  BlobArchived: 'denied',
  BlobBeingRehydrated: 'denied',
  BlobImmutableDueToPolicy: 'denied',
  InsufficientAccountPermissions: 'denied',
  InvalidAuthenticationInfo: 'denied',
  KeyBasedAuthenticationNotPermitted: 'denied',
  NoAuthenticationInformation: 'denied',
  AccessTierNotSupportedForBlobType: 'settings',
  AccountIsDisabled: 'settings',
  BlobAccessTierNotSupportedForAccountType: 'settings',
  ContainerDisabled: 'settings',
  ContainerNotFound: 'settings',
  FeatureVersionMismatch: 'settings',
  InvalidResourceName: 'settings',
  // Of what fails on a connection the SDK keeps the code only: this is the one of `EgressRefused`.
  egress_refused: 'settings',
};

/** The condition of a write was not met: there was a blob at that moment. */
const TAKEN = new Set(['BlobAlreadyExists', 'ConditionNotMet', 'TargetConditionNotMet']);

/**
 * There may be a blob: one that must not be touched, or one of another writer. When that commits its blocks, Azure
 * drops those of all others.
 */
const PERHAPS_TAKEN = new Set([
  ...TAKEN,
  'BlobArchived',
  'BlobBeingRehydrated',
  'BlobImmutableDueToPolicy',
  'InvalidBlockList',
  'LeaseIdMissing',
]);

/** The error code of an answer. An answer to HEAD has no body: it stands in a header then. */
export function azureErrorCode(error: unknown): string | undefined {
  if (error instanceof EgressRefused) return error.code;
  if (!(error instanceof RestError)) return undefined;
  return error.response?.headers.get('x-ms-error-code') ?? error.code;
}

/** Whether a write failed because there was a blob: then its name may be free again. */
export function saysTaken(error: unknown): boolean {
  return TAKEN.has(azureErrorCode(error) ?? '');
}

/** Whether a write may have failed because there is a blob. */
export function saysPerhapsTaken(error: unknown): boolean {
  return PERHAPS_TAKEN.has(azureErrorCode(error) ?? '');
}

/** Whether the range that was asked for lies outside the blob. */
export function saysRangeIsOutside(error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 416;
}

/**
 * Sorts a failure of a call to Azure by the error code of the answer. What is not known to be permanent (throttling,
 * 5xx, a container that is being deleted, timeouts, broken connections, answers that nobody understands) is
 * `ObjectStoreUnavailable`. Errors that are sorted already come back as they are.
 */
export function sortedError(error: unknown, operation: string): Error {
  if (error instanceof DomainError && !(error instanceof EgressRefused)) return error;
  const code = azureErrorCode(error) ?? '';
  if (code === MISSING) return new ObjectNotFound({ cause: causeOf(error) });
  const reason = REFUSALS[code];
  if (reason) return new ObjectStoreRejected(reason, undefined, { cause: causeOf(error) });
  return new ObjectStoreUnavailable(`${operation} ${code}`.trim(), { cause: causeOf(error) });
}

/** What the log may say about a failure: the answer without the request, which carries credentials. */
function causeOf(error: unknown): unknown {
  if (!(error instanceof RestError) || error.statusCode === undefined) return error;
  const id = error.response?.headers.get('x-ms-request-id') ?? 'none';
  return new Error(`Azure answered ${error.statusCode} ${azureErrorCode(error) ?? ''} (request id ${id})`);
}
