import { Readable } from 'node:stream';
import {
  type ObjectBody,
  type ObjectRange,
  type ObjectSource,
  ObjectStore,
  type PutOptions,
  type PutOutcome,
  type SignedUrlOptions,
  type StoredObject,
} from '../../src/storage/object-store.js';
import { ObjectStoreUnavailable } from '../../src/storage/object-store.errors.js';

/** The operations that can be made to fail. */
export type FaultyOperation = 'put' | 'get' | 'stat' | 'delete' | 'list';

/** What goes wrong with one call of a {@link FaultyObjectStore}. */
export type Fault =
  /** It fails, with `ObjectStoreUnavailable` unless another error is given. */
  | { readonly kind: 'fails'; readonly error?: Error }
  /** It is done, and the answer is lost. */
  | { readonly kind: 'answer-lost' }
  /** It does not end until it is released, and then as usual or with a failure. */
  | { readonly kind: 'hangs'; readonly fails?: boolean }
  /** After so many bytes, or objects of a list, there comes an error, nothing more, the end, or a surplus byte. */
  | { readonly kind: 'breaks' | 'stalls' | 'ends-early' | 'goes-on'; readonly after: number };

/**
 * A store in front of another one, which misbehaves as it is told: `faults` are used up one by one, each by the next
 * call of its operation. `calls` has what was asked, as `get a/b 3-9`.
 */
export class FaultyObjectStore extends ObjectStore {
  readonly driver = 'faulty';
  readonly calls: string[] = [];
  /** Ends every call that hangs: what they would have given or done. */
  readonly released: (() => void)[] = [];
  private readonly faults: { readonly operation: FaultyOperation; readonly fault: Fault }[] = [];

  constructor(private readonly inner: ObjectStore) {
    super();
  }

  /** Lets the next calls of `operation` go wrong, one fault each. */
  plan(operation: FaultyOperation, ...faults: Fault[]): void {
    this.faults.push(...faults.map((fault) => ({ operation, fault })));
  }

  /** Faults that nobody ran into yet. */
  get faultsLeft(): number {
    return this.faults.length;
  }

  put(path: string, source: ObjectSource, options?: PutOptions): Promise<PutOutcome> {
    return this.misbehave('put', path, () => this.inner.put(path, source, options));
  }

  async get(path: string, range?: ObjectRange): Promise<ObjectBody> {
    const wanted = range && ('suffix' in range ? `-${range.suffix}` : `${range.start}-${range.end ?? ''}`);
    const fault = this.note('get', wanted === undefined ? path : `${path} ${wanted}`);
    const body = await this.behaved('get', fault, () => this.inner.get(path, range));
    if (!fault || !('after' in fault)) return body;
    return { ...body, stream: Readable.from(spoiled(body.stream as AsyncIterable<Buffer>, fault)) };
  }

  stat(path: string): Promise<StoredObject> {
    return this.misbehave('stat', path, () => this.inner.stat(path));
  }

  delete(path: string): Promise<void> {
    return this.misbehave('delete', path, () => this.inner.delete(path));
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const fault = this.note('list', prefix);
    await this.behaved('list', fault, async () => undefined);
    let left = fault && 'after' in fault ? fault.after : Infinity;
    for await (const object of this.inner.list(prefix)) {
      if (left-- > 0) yield object;
      else if (fault!.kind === 'stalls') await new Promise<void>((resolve) => this.released.push(resolve));
      else throw new ObjectStoreUnavailable('list', { cause: new Error('planned') });
    }
  }

  signedUrl(path: string, options: SignedUrlOptions): Promise<string | undefined> {
    return this.inner.signedUrl(path, options);
  }

  removeUnfinished(olderThanMs: number): Promise<number> {
    return this.inner.removeUnfinished(olderThanMs);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private misbehave<T>(operation: FaultyOperation, detail: string, work: () => Promise<T>): Promise<T> {
    return this.behaved(operation, this.note(operation, detail), work);
  }

  private note(operation: FaultyOperation, detail: string): Fault | undefined {
    this.calls.push(`${operation} ${detail}`);
    const at = this.faults.findIndex((planned) => planned.operation === operation);
    return at === -1 ? undefined : this.faults.splice(at, 1)[0]!.fault;
  }

  private async behaved<T>(
    operation: FaultyOperation,
    fault: Fault | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const failure = new ObjectStoreUnavailable(operation, { cause: new Error('planned') });
    if (fault?.kind === 'fails') throw fault.error ?? failure;
    if (fault?.kind === 'hangs') await new Promise<void>((resolve) => this.released.push(resolve));
    if (fault?.kind === 'hangs' && fault.fails) throw failure;
    const result = await work();
    if (fault?.kind === 'answer-lost') throw failure;
    return result;
  }
}

async function* spoiled(
  bytes: AsyncIterable<Buffer>,
  fault: Fault & { after: number },
): AsyncIterable<Buffer> {
  let left = fault.after;
  for await (const piece of bytes) {
    if (left > 0) yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0 && fault.kind !== 'goes-on') break;
  }
  if (fault.kind === 'breaks') throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  if (fault.kind === 'stalls') await new Promise(() => undefined);
  if (fault.kind === 'goes-on') yield Buffer.from('!');
}
