import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeGcs } from '../../../../test/support/fakes/gcs/fake-gcs.js';
import type { GcsFault } from '../../../../test/support/fakes/gcs/gcs-faults.js';
import { GoogleConnections } from '../../../../test/support/fakes/gcs/google-connections.js';
import { sha256Hex } from '../../../kernel/sha256.js';
import type { GcsSettings } from '../../domain/backend-settings.js';
import { GcsObjectStore } from './gcs-object-store.js';

const CHUNK = 256 * 1024;
const SHORT_MS = 300;

let fake: FakeGcs;
let connections: GoogleConnections;
let store: GcsObjectStore;
let directory: string;

beforeEach(async () => {
  fake = await FakeGcs.start();
  connections = new GoogleConnections(fake.url);
  store = storeWith({});
  directory = await mkdtemp(join(tmpdir(), 'gcs-object-store-'));
});
afterEach(async () => {
  connections.close();
  await fake.stop();
  await rm(directory, { recursive: true });
});

function storeWith(settings: Partial<GcsSettings>, idleMs?: number): GcsObjectStore {
  return new GcsObjectStore(
    { ...fake.settings, resumableChunkBytes: CHUNK, ...settings },
    connections,
    idleMs,
  );
}

async function fileOf(bytes: Buffer): Promise<{ path: string; size: number }> {
  const path = join(directory, sha256Hex(bytes));
  await writeFile(path, bytes);
  return { path, size: bytes.length };
}

const callsOf = (operation: string) => fake.calls.filter((call) => call.startsWith(operation));
const read = async (path: string) => buffer((await store.get(path)).stream);
const unavailable = { name: 'ObjectStoreUnavailable' };

describe('an upload to Google Cloud Storage', () => {
  it('of what fits into a chunk is one request, of more a resumable session', async () => {
    await store.put('small', randomBytes(CHUNK));
    expect(fake.calls).toEqual(['token', 'insert']);
    await store.put('large', randomBytes(2 * CHUNK + 1));
    expect(fake.calls.slice(2)).toEqual(['begin', 'chunk', 'chunk', 'chunk']);
  });

  it('rounds chunks down to what the service accepts', async () => {
    await storeWith({ resumableChunkBytes: CHUNK + 1000 }).put('one', randomBytes(2 * CHUNK));
    expect(callsOf('chunk')).toHaveLength(2);
  });

  it.each([
    ['nearline', 'NEARLINE'],
    ['ARCHIVE', 'ARCHIVE'],
    [undefined, 'STANDARD'],
  ])('with storage class %s creates objects of class %s', async (storageClass, expected) => {
    const classed = storeWith({ storageClass });
    await classed.put('small', Buffer.from('x'));
    await classed.put('large', randomBytes(2 * CHUNK));
    expect(fake.object('small')?.storageClass).toBe(expected);
    expect(fake.object('large')?.storageClass).toBe(expected);
    expect((await buffer((await classed.get('small')).stream)).toString()).toBe('x');
  });

  it('with a storage class that does not exist says that the settings are wrong', async () => {
    const classed = storeWith({ storageClass: 'GLACIER' });
    await expect(classed.put('small', Buffer.from('x'))).rejects.toMatchObject({ reason: 'settings' });
    await expect(classed.put('large', randomBytes(2 * CHUNK))).rejects.toMatchObject({ reason: 'settings' });
  });

  it('does not send the last chunk when the digest is wrong, and cancels', async () => {
    const source = await fileOf(randomBytes(3 * CHUNK));
    const digest = 'f'.repeat(64);
    await expect(store.put('wrong', { ...source, digest })).rejects.toMatchObject({ reason: 'digest' });
    expect(fake.calls).toEqual(['token', 'begin', 'chunk', 'chunk', 'cancel']);
    expect(fake.kept()).toEqual([]);
  });

  it.each<[string, GcsFault]>([
    ['a status 503', { kind: 'status', status: 503 }],
    ['a status 429', { kind: 'status', status: 429 }],
    ['a broken connection', { kind: 'reset' }],
    ['a connection that breaks in the middle', { kind: 'cut' }],
    ['silence', { kind: 'silence' }],
    ['a lost answer', { kind: 'reset', afterwards: true }],
  ])('is taken up again after %s at any chunk', async (_name, fault) => {
    const bytes = randomBytes(3 * CHUNK + 5);
    const source = { ...(await fileOf(bytes)), digest: sha256Hex(bytes) };
    for (const before of [0, 1, 2, 3]) {
      const impatient = storeWith({}, SHORT_MS);
      // The faults of earlier chunks strike nothing: they take long, and change nothing.
      for (let at = 0; at < before; at++) fake.faults.add({ kind: 'delay', operations: ['chunk'], times: 1 });
      fake.faults.add({ ...fault, operations: ['chunk'], times: 1 });
      expect(await impatient.put(`recovered/${before}`, source)).toBe('created');
      expect((await read(`recovered/${before}`)).equals(bytes)).toBe(true);
      fake.faults.clear();
    }
    expect(callsOf('begin')).toHaveLength(4);
    expect(callsOf('cancel')).toEqual([]);
  });

  it('is taken up again as often as something of it arrives', async () => {
    const bytes = randomBytes(65 * CHUNK);
    fake.faults.add({ kind: 'cut', operations: ['chunk'], times: 5 });
    expect(await storeWith({ resumableChunkBytes: 64 * CHUNK }).put('recovered', bytes)).toBe('created');
    expect(fake.faults.struck).toBe(5);
    expect((await read('recovered')).equals(bytes)).toBe(true);
  });

  it('that gets nowhere is given up and cancelled', async () => {
    fake.faults.add({ kind: 'status', status: 503, operations: ['chunk'] });
    await expect(store.put('given/up', randomBytes(2 * CHUNK))).rejects.toMatchObject(unavailable);
    expect(fake.kept()).toEqual([]);
  });

  it('says in no error where the session is, and with what token', async () => {
    fake.faults.add({ kind: 'reset', operations: ['chunk'] });
    const failure = await store.put('given/up', randomBytes(2 * CHUNK)).catch((error: Error) => error);
    const { cause } = failure as Error;
    expect(cause).toMatchObject({ code: 'ECONNRESET' });
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toMatch(/upload_id|ya29|127\.0\.0\.1/);
  });

  it('whose session is gone is unavailable, and nothing is left', async () => {
    fake.faults.add({ kind: 'status', status: 410, operations: ['chunk'], times: 1 });
    await expect(store.put('gone', randomBytes(2 * CHUNK))).rejects.toMatchObject(unavailable);
    expect(fake.kept()).toEqual([]);
  });

  it('that could not be cancelled is cancelled later', async () => {
    fake.faults.add({ kind: 'status', status: 403, operations: ['chunk'] });
    fake.faults.add({ kind: 'reset', operations: ['cancel'] });
    await expect(store.put('left', randomBytes(2 * CHUNK))).rejects.toMatchObject({ reason: 'denied' });
    expect(fake.kept()).toEqual(['unfinished upload of left']);
    fake.faults.clear();
    expect(await store.removeUnfinished(60_000)).toBe(0);
    expect(await store.removeUnfinished(-60_000)).toBe(1);
    expect(fake.kept()).toEqual([]);
    expect(await store.removeUnfinished(-60_000)).toBe(0);
  });

  it.each([
    ['one request', CHUNK],
    ['chunks', 2 * CHUNK],
  ])('of bytes that are damaged on the way creates nothing (%s)', async (_name, size) => {
    fake.faults.add({ kind: 'corrupt', operations: ['insert', 'chunk'], times: 1 });
    await expect(store.put('damaged', randomBytes(size))).rejects.toMatchObject(unavailable);
    expect(fake.kept()).toEqual([]);
    expect(callsOf('delete')).toEqual([]);
  });

  it.each([
    ['one request', CHUNK],
    ['chunks', 2 * CHUNK],
  ])('is taken back when a service without checksums stored other bytes (%s)', async (_name, size) => {
    fake.options.ignoresHashes = true;
    fake.faults.add({ kind: 'corrupt', operations: ['insert', 'chunk'], times: 1 });
    await expect(store.put('damaged', randomBytes(size))).rejects.toMatchObject(unavailable);
    expect(fake.kept()).toEqual([]);
    expect(callsOf('delete')).toEqual(['delete damaged']);
  });

  it('that cannot be taken back does not count as an object that existed', async () => {
    fake.options.ignoresHashes = true;
    fake.faults.add({ kind: 'corrupt', operations: ['insert'], times: 1 });
    fake.faults.add({ kind: 'status', status: 412, operations: ['delete'] });
    await expect(store.put('damaged', randomBytes(CHUNK))).rejects.toMatchObject(unavailable);
  });

  it('after a lost answer finds its own object', async () => {
    fake.faults.add({ kind: 'reset', afterwards: true, operations: ['insert'], times: 1 });
    await expect(store.put('lost', Buffer.from('text'))).rejects.toMatchObject(unavailable);
    expect(await store.put('lost', Buffer.from('text'))).toBe('existed');
    expect((await read('lost')).toString()).toBe('text');
  });

  it('is not stopped by a signal that comes after the end', async () => {
    const abort = new AbortController();
    await store.put('done', randomBytes(2 * CHUNK), { signal: abort.signal });
    abort.abort();
    expect(fake.kept()).toEqual(['done']);
  });
});
