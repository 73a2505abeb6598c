import { setTimeout as wait } from 'node:timers/promises';
import { UpstreamQuestionPending } from '../domain/pull-through.errors.js';

/**
 * The result of `work`, when it comes within `limitMs` milliseconds; it goes on in any case, so that the next who asks
 * may find it done. Throws {@link UpstreamQuestionPending}.
 */
export async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  const done = new AbortController();
  const late = wait(limitMs, undefined, { signal: done.signal, ref: false }).then(
    () => Promise.reject(new UpstreamQuestionPending()),
    () => work,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
