import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FaultyObjectStore } from '../../test/support/faulty-object-store.js';
import { StorageResilienceConfig } from '../config/storage-resilience.config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { MemoryObjectStore } from './adapters/memory/memory-object-store.js';
import type { ObjectRange } from './object-store.js';
import { ObjectNotFound } from './object-store.errors.js';
import type { ResiliencePolicy } from './resilience-policy.js';
import { ResilientObjectStore } from './resilient-object-store.js';
import { ResumingStream } from './resuming-stream.js';

const HOUR = 3_600_000;
const BYTES = randomBytes(2_000_000);
const QUICK: ResiliencePolicy = {
  ...new StorageResilienceConfig(),
  timeoutMs: HOUR,
  idleTimeoutMs: HOUR,
  retryBaseDelayMs: 1,
  retryMaxDelayMs: 1,
  breakerFailures: 1000,
  breakerOpenAfterMs: HOUR,
};
const UNAVAILABLE = { name: 'ObjectStoreUnavailable', operation: 'faulty get' };

let memory: MemoryObjectStore;
let faulty: FaultyObjectStore;
let store: ResilientObjectStore;

function storeWith(policy: Partial<ResiliencePolicy>): void {
  store = new ResilientObjectStore(faulty, { ...QUICK, ...policy }, new Metrics(new Registry()));
}

beforeEach(async () => {
  memory = new MemoryObjectStore();
  faulty = new FaultyObjectStore(memory);
  storeWith({});
  await memory.put('o', BYTES);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const open = async (range?: ObjectRange) => (await store.get('o', range)).stream;
const read = async (range?: ObjectRange) => buffer(await open(range));
/** Whether these are the bytes of the object; a failing comparison of two megabytes says too much. */
const isWhole = (bytes: Buffer) => bytes.equals(BYTES);

describe('a download from the storage', () => {
  it.each(['breaks', 'ends-early'] as const)('that %s anywhere goes on with the next byte', async (kind) => {
    for (const after of [0, 1, 65_536, 1_999_999]) {
      faulty.plan('get', { kind, after });
      expect(isWhole(await read()), `after ${after}`).toBe(true);
    }
    const asked = ['get o', 'get o 0-1999999', 'get o', 'get o 1-1999999', 'get o', 'get o 65536-1999999'];
    expect(faulty.calls.slice(0, 6)).toEqual(asked);
  });

  it('that stalls goes on with a new request', async () => {
    storeWith({ idleTimeoutMs: 30 });
    faulty.plan('get', { kind: 'stalls', after: 1_000_000 });
    expect(isWhole(await read())).toBe(true);
  });

  it.each<[string, ObjectRange, number, number]>([
    ['a part', { start: 100, end: 1_500_000 }, 100, 1_500_001],
    ['an open end', { start: 1_900_000 }, 1_900_000, 2_000_000],
    ['a suffix', { suffix: 50_000 }, 1_950_000, 2_000_000],
  ])('of %s goes on within that part', async (_name, range, start, end) => {
    faulty.plan('get', { kind: 'breaks', after: 10 }, { kind: 'breaks', after: 20 });
    expect((await read(range)).equals(BYTES.subarray(start, end))).toBe(true);
    expect(faulty.calls.slice(1)).toEqual([
      `get o ${start + 10}-${end - 1}`,
      `get o ${start + 30}-${end - 1}`,
    ]);
  });

  it('waits while the store is unavailable, as long as attempts are left (boundary)', async () => {
    const down = { kind: 'fails' } as const;
    faulty.plan('get', { kind: 'breaks', after: 5 }, down, down);
    expect(isWhole(await read())).toBe(true);
    faulty.plan('get', { kind: 'breaks', after: 5 }, down, down, down);
    await expect(read()).rejects.toMatchObject({ ...UNAVAILABLE, cause: { message: 'planned' } });
    expect(faulty.faultsLeft).toBe(0);
  });

  it('ends with the failure when it never gets anywhere', async () => {
    faulty.plan('get', ...Array.from({ length: 4 }, () => ({ kind: 'breaks', after: 1000 }) as const));
    await expect(read()).rejects.toMatchObject({ ...UNAVAILABLE, cause: { code: 'ECONNRESET' } });
    expect(faulty.calls).toHaveLength(4);
    const little = Array.from({ length: 9 }, () => ({ kind: 'breaks', after: 10 }) as const);
    faulty.plan('get', { kind: 'breaks', after: 1_000_000 }, ...little);
    await expect(read()).rejects.toMatchObject(UNAVAILABLE);
    expect(faulty.calls).toHaveLength(8);
  });

  it('may break off any number of times while it gets on', async () => {
    faulty.plan('get', ...Array.from({ length: 7 }, () => ({ kind: 'breaks', after: 262_144 }) as const));
    expect(isWhole(await read())).toBe(true);
    expect(faulty.calls).toHaveLength(8);
  });

  it('never has more bytes than were announced', async () => {
    faulty.plan('get', { kind: 'goes-on', after: 2_000_000 });
    await expect(read()).rejects.toMatchObject({
      ...UNAVAILABLE,
      cause: { message: 'The store sent more bytes than it announced' },
    });
  });

  it('fails when the checksum of the SDK fails after the last byte', async () => {
    faulty.plan('get', { kind: 'breaks', after: 2_000_000 });
    await expect(read()).rejects.toMatchObject({ ...UNAVAILABLE, cause: { message: 'socket hang up' } });
    expect(faulty.calls).toHaveLength(1);
  });

  it('ends with what the store says when the object is gone meanwhile', async () => {
    faulty.plan('get', { kind: 'breaks', after: 5 }, { kind: 'fails', error: new ObjectNotFound() });
    await expect(read()).rejects.toMatchObject({ name: 'ObjectNotFound' });
    expect(faulty.calls).toHaveLength(2);
  });

  it('is not continued with another object', async () => {
    faulty.plan('get', { kind: 'breaks', after: 5 });
    const stream = await open();
    await memory.delete('o');
    await memory.put('o', Buffer.alloc(2_000_001));
    const opened = vi.spyOn(memory, 'get');
    await expect(buffer(stream)).rejects.toMatchObject({
      ...UNAVAILABLE,
      cause: { message: 'Another object was opened' },
    });
    const other = await (opened.mock.results[0]!.value as ReturnType<MemoryObjectStore['get']>);
    expect(other.stream.destroyed).toBe(true);
  });

  it('survives a time in which the store is left alone', async () => {
    storeWith({ breakerFailures: 1, breakerOpenForMs: 30 });
    faulty.plan('get', { kind: 'breaks', after: 5 }, { kind: 'fails' });
    expect(isWhole(await read())).toBe(true);
  });

  it('waits with all others until one of them finds the store working', async () => {
    storeWith({ breakerFailures: 1, breakerOpenForMs: 60, maxAttempts: 3 });
    const cut = Array.from({ length: 20 }, () => ({ kind: 'breaks', after: 5 }) as const);
    faulty.plan('get', ...cut, { kind: 'fails' });
    const downloads = await Promise.all(Array.from({ length: 20 }, () => read()));
    expect(downloads.every(isWhole)).toBe(true);
    expect(faulty.calls).toHaveLength(41);
  });

  it('is not read ahead of a reader who waits, and does not stall because of him', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const pieces = Array.from({ length: 400 }, (_, at) => BYTES.subarray(at * 5000, at * 5000 + 5000));
    const source = Readable.from(pieces, { highWaterMark: 1 });
    const body = { size: 2_000_000, start: 0, length: 2_000_000, stream: source };
    vi.spyOn(memory, 'get').mockResolvedValueOnce(body);
    const stream = await open();
    await new Promise((resolve) => stream.once('readable', resolve));
    await vi.waitFor(() => expect(stream.readableLength).toBeGreaterThan(200_000));
    await vi.advanceTimersByTimeAsync(3 * HOUR);
    expect(stream.readableLength).toBeLessThan(600_000);
    expect(isWhole(await buffer(stream))).toBe(true);
    expect(faulty.calls).toEqual(['get o']);
  });

  it('that nobody reads any more is closed, also while it pauses', async () => {
    const opened = vi.spyOn(memory, 'get');
    const first = await open();
    first.destroy();
    const { stream } = await (opened.mock.results[0]!.value as ReturnType<MemoryObjectStore['get']>);
    expect(stream.destroyed).toBe(true);

    storeWith({ retryBaseDelayMs: HOUR, retryMaxDelayMs: HOUR });
    faulty.plan('get', { kind: 'breaks', after: 5 });
    const pausing = await open();
    await new Promise((resolve) => pausing.once('data', resolve));
    const closed = new Promise((resolve) => pausing.once('close', resolve));
    pausing.destroy();
    await closed;
    expect(faulty.calls).toHaveLength(2);
  });

  it('that nobody reads any more closes what is opened for it later', async () => {
    faulty.plan('get', { kind: 'breaks', after: 5 }, { kind: 'hangs' });
    const opened = vi.spyOn(memory, 'get');
    const stream = await open();
    stream.resume();
    await vi.waitFor(() => expect(faulty.released).toHaveLength(1));
    stream.destroy();
    faulty.released[0]!();
    await vi.waitFor(async () => {
      const late = await (opened.mock.results[1]?.value as ReturnType<MemoryObjectStore['get']>);
      expect([late.stream.destroyed, late.stream.readableDidRead]).toEqual([true, false]);
    });
  });

  it('that nobody reads any more does not go on waiting', async () => {
    const broken = Readable.from(
      (async function* () {
        yield BYTES.subarray(0, 5);
        throw new Error('reset');
      })(),
    );
    const waiting = Promise.withResolvers<AbortSignal>();
    const stream = new ResumingStream(
      { size: BYTES.length, start: 0, length: BYTES.length, stream: broken },
      {
        attempt: 'faulty get',
        maxAttempts: 2,
        idleTimeoutMs: HOUR,
        open: () => store.get('o'),
        pause: (_failures, signal) => (waiting.resolve(signal), new Promise(() => undefined)),
        onBytes: () => undefined,
      },
    );
    stream.resume();
    const signal = await waiting.promise;
    expect(signal.aborted).toBe(false);
    stream.destroy();
    expect(signal.aborted).toBe(true);
  });

  it('of an empty object is empty', async () => {
    await memory.put('empty', Buffer.alloc(0));
    expect(await buffer((await store.get('empty')).stream)).toHaveLength(0);
  });
});
