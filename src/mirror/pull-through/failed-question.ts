import { MirrorFailure, MirrorInterrupted } from '../domain/mirror.errors.js';
import type { FailedQuestion } from '../domain/pulled-offer.js';

/** What is remembered of a failure of the upstream; throws every other error. */
export function failedQuestion(error: unknown): FailedQuestion {
  if (!(error instanceof MirrorFailure) || error instanceof MirrorInterrupted) throw error;
  const { code, message, isTransient } = error;
  return { kind: 'failed', code, message, isTransient };
}
