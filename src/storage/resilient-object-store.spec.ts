import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Logger } from '@nestjs/common';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FaultyObjectStore, type FaultyOperation } from '../../test/support/faulty-object-store.js';
import { StorageResilienceConfig } from '../config/storage-resilience.config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { EgressRefused } from '../platform/outbound-http/outbound-http.errors.js';
import { MemoryObjectStore } from './adapters/memory/memory-object-store.js';
import {
  ObjectNotFound,
  ObjectStoreRejected,
  ObjectStoreUnavailable,
  type RejectionReason,
} from './object-store.errors.js';
import type { ResiliencePolicy } from './resilience-policy.js';
import { ResilientObjectStore } from './resilient-object-store.js';

const HOUR = 3_600_000;
/** Pauses of a moment, and no deadline that a busy machine could miss. */
const QUICK: ResiliencePolicy = {
  ...new StorageResilienceConfig(),
  timeoutMs: HOUR,
  idleTimeoutMs: HOUR,
  retryBaseDelayMs: 1,
  retryMaxDelayMs: 1,
  breakerOpenAfterMs: HOUR,
};
const UNAVAILABLE = { name: 'ObjectStoreUnavailable', kind: 'unavailable' };
const FAILS = { kind: 'fails' } as const;
const HANGS = { kind: 'hangs' } as const;
const RETRIED_PUTS = 'storage_retries_total{driver="faulty",operation="put"}';
const OPERATIONS = ['put', 'get', 'stat', 'delete', 'list'] as const;

let memory: MemoryObjectStore;
let faulty: FaultyObjectStore;
let metrics: Metrics;
let store: ResilientObjectStore;

function storeWith(policy: Partial<ResiliencePolicy>): void {
  metrics = new Metrics(new Registry());
  store = new ResilientObjectStore(faulty, { ...QUICK, ...policy }, metrics);
}

beforeEach(async () => {
  vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  memory = new MemoryObjectStore();
  faulty = new FaultyObjectStore(memory);
  storeWith({});
  await memory.put('a/b', Buffer.from('0123456789'));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const rejected = (reason: RejectionReason) => new ObjectStoreRejected(reason);

/** Does `operation` to the object `a/b` and gives what it says. */
async function ask(operation: FaultyOperation): Promise<unknown> {
  if (operation === 'put') return store.put('a/b', Buffer.from('0123456789'));
  if (operation === 'get') return (await buffer((await store.get('a/b')).stream)).toString();
  if (operation === 'list') return paths('');
  return store[operation]('a/b');
}

async function paths(prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of store.list(prefix)) found.push(path);
  return found;
}

/** The value of one line of the metrics, such as `storage_retries_total{driver="faulty",operation="get"}`. */
async function metric(line: string): Promise<number | undefined> {
  const { body } = await metrics.render();
  const found = body.split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

describe('a store that is unavailable for a moment', () => {
  it.each(OPERATIONS)('is asked again by %s, up to the last attempt (boundary)', async (operation) => {
    faulty.plan(operation, FAILS, FAILS, FAILS);
    const expected = { put: 'existed', get: '0123456789', delete: undefined, list: ['a/b'] };
    if (operation === 'stat') expect(await ask(operation)).toMatchObject({ path: 'a/b', size: 10 });
    else expect(await ask(operation)).toEqual(expected[operation]);
    expect(faulty.calls).toHaveLength(4);
    const label = `{driver="faulty",operation="${operation}"}`;
    expect(await metric(`storage_retries_total${label}`)).toBe(3);
    const observed = `storage_operation_duration_seconds_count{driver="faulty",operation="${operation}",outcome="ok"}`;
    expect(await metric(observed)).toBe(1);
  });

  it.each(OPERATIONS)('is given up by %s after the last attempt (boundary)', async (operation) => {
    faulty.plan(operation, FAILS, FAILS, FAILS, FAILS);
    await expect(ask(operation)).rejects.toMatchObject({
      ...UNAVAILABLE,
      operation: `faulty ${operation}`,
      cause: { message: 'planned' },
    });
    expect(faulty.calls).toHaveLength(4);
    const observed = `storage_operation_duration_seconds_count{driver="faulty",operation="${operation}",outcome="unavailable"}`;
    expect(await metric(observed)).toBe(1);
  });

  it('is not asked again with one attempt (boundary)', async () => {
    storeWith({ maxAttempts: 1 });
    faulty.plan('stat', FAILS);
    await expect(store.stat('a/b')).rejects.toMatchObject(UNAVAILABLE);
    expect(faulty.calls).toHaveLength(1);
  });

  it.each<[string, Error]>([
    ['missing', new ObjectNotFound()],
    ...(['path', 'range', 'digest', 'size', 'exists', 'denied', 'settings'] as const).map(
      (reason): [string, Error] => [`refused for its ${reason}`, new ObjectStoreRejected(reason, 10)],
    ),
    ['a defect', new TypeError('defect')],
  ])('is not asked again for what is %s', async (_name, error) => {
    for (const operation of OPERATIONS) {
      faulty.plan(operation, { kind: 'fails', error });
      const expected = { name: error.name, reason: (error as ObjectStoreRejected).reason };
      await expect(ask(operation)).rejects.toMatchObject(JSON.parse(JSON.stringify(expected)) as object);
    }
    expect(faulty.calls).toHaveLength(OPERATIONS.length);
  });

  it('says who refuses what in the log, when the operator has to act', async () => {
    const error = new ObjectStoreRejected('denied', undefined, { cause: new Error('AccessDenied') });
    faulty.plan('stat', { kind: 'fails', error });
    await expect(store.stat('a/b')).rejects.toMatchObject({
      reason: 'denied',
      cause: { message: 'faulty stat', cause: { message: 'AccessDenied' } },
    });
  });

  it('counts an address that the egress guard refuses as a matter of the settings', async () => {
    storeWith({ breakerFailures: 1 });
    const network = new Error('request failed', { cause: new EgressRefused('minio.example.com') });
    faulty.plan('stat', { kind: 'fails', error: new ObjectStoreUnavailable('stat', { cause: network }) });
    await expect(store.stat('a/b')).rejects.toMatchObject({ reason: 'settings', cause: network });
    expect(faulty.calls).toHaveLength(1);
    expect(await store.stat('a/b')).toMatchObject({ size: 10 });
  });
});

describe('an upload', () => {
  it('whose answer is lost is there once, and is said to have existed', async () => {
    faulty.plan('put', { kind: 'answer-lost' });
    expect(await store.put('new', Buffer.from('bytes'))).toBe('existed');
    expect(await paths('')).toEqual(['a/b', 'new']);
    expect(await metric('storage_bytes_total{driver="faulty",direction="written"}')).toBeUndefined();
  });

  it('of a file is sent again from its beginning', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'resilient-store-'));
    try {
      const path = join(folder, 'source');
      await writeFile(path, 'from a file');
      faulty.plan('put', FAILS, FAILS);
      expect(await store.put('new', { path, size: 11 })).toBe('created');
      expect((await buffer((await memory.get('new')).stream)).toString()).toBe('from a file');
      expect(await metric('storage_bytes_total{driver="faulty",direction="written"}')).toBe(11);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('that is given up during a pause ends at once, with the reason, and is not tried again', async () => {
    storeWith({ retryBaseDelayMs: HOUR, retryMaxDelayMs: HOUR });
    const abort = new AbortController();
    faulty.plan('put', FAILS);
    const writing = store.put('new', Buffer.from('x'), { signal: abort.signal });
    await vi.waitFor(async () => expect(await metric(RETRIED_PUTS)).toBe(1));
    abort.abort(new Error('client left'));
    await expect(writing).rejects.toThrow('client left');
    expect(faulty.calls).toEqual(['put new']);
  });

  it('that is given up while it is sent ends with the reason, whatever the adapter says', async () => {
    const abort = new AbortController();
    faulty.plan('put', { kind: 'hangs', fails: true });
    const writing = store.put('new', Buffer.from('x'), { signal: abort.signal });
    await vi.waitFor(() => expect(faulty.released).toHaveLength(1));
    abort.abort(new Error('client left'));
    faulty.released[0]!();
    await expect(writing).rejects.toThrow('client left');
    await expect(store.put('new', Buffer.from('x'), { signal: abort.signal })).rejects.toThrow('client left');
    expect(faulty.calls).toEqual(['put new']);
  });

  it('may take longer than the store may take to answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    faulty.plan('put', HANGS);
    const writing = store.put('new', Buffer.from('x'));
    await vi.waitFor(() => expect(faulty.released).toHaveLength(1));
    await vi.advanceTimersByTimeAsync(2 * HOUR);
    faulty.released[0]!();
    expect(await writing).toBe('created');
  });
});

describe('a store that does not answer', () => {
  it.each(['get', 'stat', 'list'] as const)('is asked again by %s after the deadline', async (operation) => {
    storeWith({ timeoutMs: 20 });
    faulty.plan(operation, HANGS);
    await ask(operation);
    expect(faulty.calls).toHaveLength(2);
  });

  it.each(OPERATIONS.filter((one) => one !== 'put'))('is unavailable for %s', async (operation) => {
    storeWith({ timeoutMs: 10, maxAttempts: 2 });
    faulty.plan(operation, HANGS, HANGS);
    await expect(ask(operation)).rejects.toMatchObject({
      ...UNAVAILABLE,
      cause: { message: 'No answer within 10 ms' },
    });
  });

  it('is not told a second time to delete: the first request may still arrive', async () => {
    storeWith({ timeoutMs: 10 });
    faulty.plan('delete', HANGS);
    await expect(store.delete('a/b')).rejects.toMatchObject(UNAVAILABLE);
    expect(faulty.calls).toEqual(['delete a/b']);
  });

  it('has an object closed that it opens too late', async () => {
    storeWith({ timeoutMs: 20, maxAttempts: 1 });
    const opened = vi.spyOn(memory, 'get');
    faulty.plan('get', HANGS);
    await expect(store.get('a/b')).rejects.toMatchObject(UNAVAILABLE);
    faulty.released[0]!();
    await vi.waitFor(async () => {
      const body = await (opened.mock.results[0]?.value as ReturnType<MemoryObjectStore['get']>);
      expect(body.stream.destroyed).toBe(true);
    });
  });
});

describe('a list', () => {
  const NAMES = ['l/B', 'l/a-b', 'l/a.b', 'l/a/z', 'l/a0', 'l/z', 'l/ä', 'l/ｚ', 'l/📦'];
  beforeEach(async () => {
    for (const name of NAMES) await memory.put(name, Buffer.from('x'));
  });

  it.each(['breaks', 'stalls'] as const)('that %s after any object goes on with the next', async (kind) => {
    if (kind === 'stalls') storeWith({ timeoutMs: 20 });
    for (let after = 0; after <= NAMES.length; after++) {
      faulty.plan('list', { kind, after });
      expect(await paths('l/')).toEqual(NAMES);
    }
  });

  it('goes on however often it breaks, as long as it brings something', async () => {
    const faults = NAMES.map((_name, at) => [
      { kind: 'breaks', after: at + 1 } as const,
      FAILS,
      { kind: 'breaks', after: at } as const,
    ]);
    faulty.plan('list', ...faults.flat());
    expect(await paths('l/')).toEqual(NAMES);
    expect(faulty.calls.length).toBeGreaterThan(QUICK.maxAttempts * 4);
  });

  it('fails rather than be incomplete', async () => {
    faulty.plan(
      'list',
      ...Array.from({ length: QUICK.maxAttempts }, () => ({ kind: 'breaks', after: 3 }) as const),
    );
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { path } of store.list('l/')) seen.push(path);
    })();
    await expect(reading).rejects.toMatchObject(UNAVAILABLE);
    expect(seen).toEqual(NAMES.slice(0, 3));
  });

  it('that is left early asks for nothing more', async () => {
    for await (const { path } of store.list('l/')) {
      expect(path).toBe(NAMES[0]);
      break;
    }
    expect(faulty.calls).toEqual(['list l/']);
  });
});

describe('a store that keeps failing', () => {
  const BREAKER = { maxAttempts: 1, breakerFailures: 3, breakerOpenForMs: HOUR };
  const failTimes = async (times: number) => {
    faulty.plan('stat', ...Array.from({ length: times }, () => FAILS));
    for (let at = 0; at < times; at++) await expect(store.stat('a/b')).rejects.toMatchObject(UNAVAILABLE);
  };
  const breakers = async (state: string) =>
    metric(`storage_circuit_breakers{driver="faulty",state="${state}"}`);

  it('is left alone: every operation fails at once, with a time to come back', async () => {
    storeWith(BREAKER);
    await failTimes(3);
    const asked = faulty.calls.length;
    for (const operation of OPERATIONS) {
      const refusal = { ...UNAVAILABLE, facts: { retryAfterSeconds: 5 } };
      await expect(ask(operation)).rejects.toMatchObject(refusal);
    }
    expect(faulty.calls).toHaveLength(asked);
    expect(await breakers('open')).toBe(1);
    expect(await breakers('closed')).toBe(0);
  });

  it('is not tried again by those who met it while it was failing', async () => {
    storeWith({
      ...BREAKER,
      maxAttempts: 4,
      retryBaseDelayMs: HOUR,
      retryMaxDelayMs: HOUR,
      breakerFailures: 1,
    });
    await failTimes(1);
    expect(faulty.calls).toHaveLength(1);
  });

  it('is asked by one request after a while, and by all when that succeeds; the log has two lines', async () => {
    const [warn, log] = [vi.mocked(Logger.prototype.warn), vi.mocked(Logger.prototype.log)];
    storeWith({ ...BREAKER, breakerOpenForMs: 20 });
    await failTimes(3);
    faulty.plan('get', FAILS);
    await vi.waitFor(async () => expect(await ask('get')).toBe('0123456789'), { timeout: 20_000 });
    expect(await breakers('closed')).toBe(1);
    expect(await breakers('open')).toBe(0);
    expect(warn.mock.calls.map(([line]) => String(line))).toEqual([expect.stringMatching(/faulty.*planned/)]);
    expect(log.mock.calls.map(([line]) => String(line))).toEqual([
      expect.stringMatching(/faulty.*works again/),
    ]);
  });

  it('is not one that says that things are missing or refused', async () => {
    storeWith({ ...BREAKER, breakerFailures: 1 });
    for (let at = 0; at < 20; at++) {
      await expect(store.stat('absent')).rejects.toMatchObject({ name: 'ObjectNotFound' });
      await expect(store.get('a/b', { start: 99 })).rejects.toMatchObject({ reason: 'range' });
      await expect(store.put('a/b', Buffer.from('x'))).rejects.toMatchObject({ reason: 'exists' });
    }
    expect(await breakers('closed')).toBe(1);
  });

  it('works when it says in between that something is missing or refused', async () => {
    storeWith(BREAKER);
    const answers = [new ObjectNotFound(), ...(['range', 'exists', 'denied'] as const).map(rejected)];
    for (const error of answers) {
      await failTimes(2);
      faulty.plan('stat', { kind: 'fails', error });
      await expect(store.stat('a/b')).rejects.toMatchObject({ name: error.name });
    }
    expect(await breakers('closed')).toBe(1);
  });

  it('does not work because something was refused without asking it', async () => {
    storeWith(BREAKER);
    await failTimes(2);
    for (const error of (['path', 'digest', 'size', 'settings'] as const).map(rejected)) {
      faulty.plan('stat', { kind: 'fails', error });
      await expect(store.stat('a/b')).rejects.toMatchObject({ reason: error.reason });
    }
    await failTimes(1);
    expect(await breakers('open')).toBe(1);
  });

  it('does not work because a list has the next object of a page at hand', async () => {
    storeWith(BREAKER);
    for (const path of ['l/1', 'l/2']) await memory.put(path, Buffer.from('x'));
    const seen: string[] = [];
    for await (const { path } of store.list('l/')) {
      seen.push(path);
      await failTimes(path === 'l/1' ? 2 : 1);
    }
    expect(seen).toEqual(['l/1', 'l/2']);
    expect(await breakers('open')).toBe(1);
  });

  it('is not one whose callers give up', async () => {
    storeWith({ ...BREAKER, breakerFailures: 1 });
    faulty.plan('put', { kind: 'hangs', fails: true });
    const abort = new AbortController();
    const writing = store.put('new', Buffer.from('x'), { signal: abort.signal });
    await vi.waitFor(() => expect(faulty.released).toHaveLength(1));
    abort.abort(new Error('client left'));
    faulty.released[0]!();
    await expect(writing).rejects.toThrow('client left');
    expect(await breakers('closed')).toBe(1);
  });

  it('disappears from the metrics when it is closed', async () => {
    await store.close();
    expect(await breakers('closed')).toBe(0);
  });
});

describe('what passes through untouched', () => {
  it('is the signed URL, which asks nobody', async () => {
    storeWith({ maxAttempts: 1, breakerFailures: 1 });
    faulty.plan('stat', FAILS);
    await expect(store.stat('a/b')).rejects.toMatchObject(UNAVAILABLE);
    const options = { expiresAtMs: 0, filename: 'b', contentType: 'text/plain' };
    expect(await store.signedUrl('a/b', options)).toBeUndefined();
  });

  it('is the removal of unfinished uploads, once', async () => {
    const remove = vi.spyOn(memory, 'removeUnfinished').mockRejectedValue(new ObjectStoreUnavailable('x'));
    await expect(store.removeUnfinished(1)).rejects.toMatchObject(UNAVAILABLE);
    expect(remove).toHaveBeenCalledTimes(1);
  });
});
