import type { Metrics } from '../platform/metrics/metrics.js';
import { DeadlinePassed } from './deadline.js';
import { assertObjectPath } from './object-path.js';
import {
  type ObjectBody,
  type ObjectRange,
  type ObjectSource,
  ObjectStore,
  type PutOptions,
  type PutOutcome,
  type SignedUrlOptions,
  type StoredObject,
} from './object-store.js';
import { ObjectStoreUnavailable } from './object-store.errors.js';
import type { ResiliencePolicy } from './resilience-policy.js';
import { resumingList } from './resuming-list.js';
import { ResumingStream } from './resuming-stream.js';
import { StoreAttempts } from './store-attempts.js';

/**
 * A store that is reached over a network, with what networks need: deadlines, bounded retries with random pauses,
 * downloads that go on after they broke off, a circuit breaker, and metrics (threat H6). Only what is unavailable
 * is tried again, never what is missing or refused. A local directory is not wrapped: there is nothing to wait for,
 * and its `copyTo` would be lost.
 */
export class ResilientObjectStore extends ObjectStore {
  readonly driver: string;
  private readonly attempts: StoreAttempts;
  private readonly countRead: (bytes: number) => void;
  private readonly countWritten: (bytes: number) => void;

  /** `name` is that of the storage, for the log. */
  constructor(
    private readonly inner: ObjectStore,
    private readonly policy: ResiliencePolicy,
    metrics: Metrics,
    name: string = inner.driver,
  ) {
    super();
    this.driver = inner.driver;
    this.attempts = new StoreAttempts(inner.driver, name, policy, metrics);
    this.countRead = metrics.storageBytes(inner.driver, 'read');
    this.countWritten = metrics.storageBytes(inner.driver, 'written');
  }

  /**
   * Has no deadline as a whole: an upload may take long, and the adapter ends a connection on which nothing moves.
   * When the answer to an attempt is lost, the next one finds the object and says `existed`; so after a failure it
   * may be that none of several writers is told `created`.
   */
  async put(path: string, source: ObjectSource, options: PutOptions = {}): Promise<PutOutcome> {
    assertObjectPath(path);
    const { signal } = options;
    const outcome = await this.attempts.run('put', () => this.inner.put(path, source, options), { signal });
    if (outcome === 'created') this.countWritten(Buffer.isBuffer(source) ? source.length : source.size);
    return outcome;
  }

  async get(path: string, range?: ObjectRange): Promise<ObjectBody> {
    assertObjectPath(path);
    const body = await this.attempts.run('get', () => this.inner.get(path, range), this.opening());
    const { size, start, length } = body;
    if (length === 0) return { size, start, length, stream: body.stream };
    const stream = new ResumingStream(body, {
      attempt: `${this.driver} get`,
      maxAttempts: this.policy.maxAttempts,
      idleTimeoutMs: this.policy.idleTimeoutMs,
      open: (next) => this.reopen(path, body, next),
      pause: (failures, signal) => this.attempts.pauseToResume('get', failures, signal),
      onBytes: this.countRead,
    });
    return { size, start, length, stream };
  }

  async stat(path: string): Promise<StoredObject> {
    assertObjectPath(path);
    return this.attempts.run('stat', () => this.inner.stat(path), { deadlineMs: this.policy.timeoutMs });
  }

  /**
   * Not tried again after the deadline: the first request may still be under way then, and would remove what
   * somebody stores under the path after the second one.
   */
  async delete(path: string): Promise<void> {
    assertObjectPath(path);
    await this.attempts.run('delete', () => this.inner.delete(path), {
      deadlineMs: this.policy.timeoutMs,
      mayRepeat: ({ cause }) => !(cause instanceof DeadlinePassed),
    });
  }

  list(prefix: string): AsyncIterable<StoredObject> {
    return resumingList(this.inner, prefix, this.attempts, this.policy);
  }

  /** Asks nobody, as the port says. */
  signedUrl(path: string, options: SignedUrlOptions): Promise<string | undefined> {
    return this.inner.signedUrl(path, options);
  }

  /** Many requests in one call, and done again by the next sweep: neither deadline nor retry. */
  removeUnfinished(olderThanMs: number): Promise<number> {
    const remove = () => this.inner.removeUnfinished(olderThanMs);
    return this.attempts.run('remove_unfinished', remove, { mayRepeat: () => false });
  }

  async close(): Promise<void> {
    this.attempts.close();
    await this.inner.close();
  }

  /** The rest of `body` from byte `start` on, one attempt. An object never changes: another size is a wrong answer. */
  private async reopen(path: string, body: ObjectBody, start: number): Promise<ObjectBody> {
    const end = body.start + body.length;
    const open = () => this.inner.get(path, { start, end: end - 1 });
    const rest = await this.attempts.once('get', open, this.opening());
    if (rest.size === body.size && rest.start === start && rest.length === end - start) return rest;
    giveUp(rest);
    throw new ObjectStoreUnavailable(`${this.driver} get`, { cause: new Error('Another object was opened') });
  }

  private opening(): { deadlineMs: number; discard: (late: ObjectBody) => void } {
    return { deadlineMs: this.policy.timeoutMs, discard: giveUp };
  }
}

function giveUp({ stream }: ObjectBody): void {
  stream.on('error', () => undefined).destroy();
}
