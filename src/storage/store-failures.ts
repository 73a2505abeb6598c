import type { StorageOutcome } from '../platform/metrics/metrics.js';
import { EgressRefused } from '../platform/outbound-http/outbound-http.errors.js';
import { ObjectNotFound, ObjectStoreRejected, ObjectStoreUnavailable } from './object-store.errors.js';

/** Refusals that only the store itself can have said; others may have been found without asking it. */
const ANSWERS: ReadonlySet<string> = new Set(['range', 'exists', 'denied']);

/** Whether a failure is an answer of a store that works. */
export function isAnswer(failure: unknown): boolean {
  return (
    failure instanceof ObjectNotFound ||
    (failure instanceof ObjectStoreRejected && ANSWERS.has(failure.reason))
  );
}

/** The metric label of a failure; undefined for what is none of the store, as when the caller gave up. */
export function outcomeOf(failure: unknown): StorageOutcome | undefined {
  if (failure instanceof ObjectNotFound) return 'missing';
  if (failure instanceof ObjectStoreRejected) return 'rejected';
  return failure instanceof ObjectStoreUnavailable ? 'unavailable' : undefined;
}

/**
 * A failure of an adapter as it is passed on: with `attempt` (driver and operation) for the log. An address that
 * the egress guard refuses stays refused, so it is a matter of the settings.
 */
export function namedFailure(attempt: string, failure: unknown): unknown {
  if (failure instanceof ObjectStoreUnavailable) {
    const { cause } = failure;
    if (isRefusedByEgress(cause)) return new ObjectStoreRejected('settings', undefined, { cause });
    return new ObjectStoreUnavailable(attempt, { cause: cause ?? failure });
  }
  const isForTheOperator =
    failure instanceof ObjectStoreRejected && (failure.reason === 'denied' || failure.reason === 'settings');
  if (!isForTheOperator) return failure;
  const cause = new Error(attempt, { cause: failure.cause });
  return new ObjectStoreRejected(failure.reason, failure.size, { cause });
}

function isRefusedByEgress(error: unknown): boolean {
  for (let one = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++) {
    if (one instanceof EgressRefused) return true;
  }
  return false;
}
