import type { ObjectStore, StoredObject } from './object-store.js';
import { ObjectStoreUnavailable } from './object-store.errors.js';
import type { ResiliencePolicy } from './resilience-policy.js';
import type { StoreAttempts } from './store-attempts.js';

/**
 * All objects of `prefix`. A list that breaks off is begun again and passes over what it has brought already: lists
 * are in the order of the bytes of the paths. Every further object gives it all its attempts back. Measured is the
 * time that was spent waiting for the store.
 */
export async function* resumingList(
  store: ObjectStore,
  prefix: string,
  attempts: StoreAttempts,
  { maxAttempts, timeoutMs }: ResiliencePolicy,
): AsyncIterable<StoredObject> {
  let waitedMs = 0;
  let last: Buffer | undefined;
  for (let failures = 0; ;) {
    const objects = store.list(prefix)[Symbol.asyncIterator]();
    let begun = false;
    const next = async (): Promise<IteratorResult<StoredObject>> => {
      const askedMs = performance.now();
      const [ask, options] = [() => objects.next(), { deadlineMs: timeoutMs }] as const;
      try {
        return await (begun ? attempts.timed('list', ask, options) : attempts.once('list', ask, options));
      } finally {
        begun = true;
        waitedMs += performance.now() - askedMs;
      }
    };
    try {
      for (let found = await next(); !found.done; found = await next()) {
        const path = Buffer.from(found.value.path);
        if (last && Buffer.compare(path, last) <= 0) continue;
        [last, failures] = [path, 0];
        yield found.value;
      }
      return attempts.observe('list', waitedMs);
    } catch (error) {
      failures += 1;
      const isOver = last === undefined ? !attempts.mayRetry(failures) : failures >= maxAttempts;
      if (isOver || !(error instanceof ObjectStoreUnavailable)) {
        attempts.observe('list', waitedMs, error);
        throw error;
      }
    } finally {
      // Not awaited: a page that is late would be waited for.
      objects.return?.().catch(() => undefined);
    }
    await attempts.pauseToResume('list', failures);
  }
}
