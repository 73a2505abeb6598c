import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeS3, type FakeS3Options } from '../../../../test/support/fakes/s3/fake-s3.js';
import { plainConnections } from '../../../../test/support/store-connections.js';
import type { FileSource } from '../../object-store.js';
import { S3ObjectStore } from './s3-object-store.js';

const PART_BYTES = 8 * 1024 * 1024;
const UNAVAILABLE = { name: 'ObjectStoreUnavailable' };

let fake: FakeS3;
let store: S3ObjectStore;
let directory: string;
let connections: ReturnType<typeof plainConnections>;

async function start(options: FakeS3Options = {}): Promise<void> {
  fake = await FakeS3.start(options);
  store = new S3ObjectStore(fake.settings, connections);
}
beforeEach(async () => {
  connections = plainConnections();
  directory = await mkdtemp(join(tmpdir(), 's3-faults-'));
  await start();
});
afterEach(async () => {
  vi.restoreAllMocks();
  connections.http.destroy();
  await fake.stop();
  await rm(directory, { recursive: true });
});

async function fileOf(size: number): Promise<FileSource> {
  const path = join(directory, 'source');
  await writeFile(path, Buffer.alloc(size, 'a'));
  return { path, size };
}
const put = (path: string, text = 'bytes') => store.put(path, Buffer.from(text));
/** A store that waits a moment only. */
const impatient = () => new S3ObjectStore(fake.settings, connections, { connectMs: 2_000, idleMs: 50 });
const read = async (path: string) => buffer((await store.get(path)).stream);

describe('a failing answer', () => {
  it.each([500, 503, 429])('%i makes the store unavailable, once each', async (status) => {
    await put('a/b');
    fake.faults.add({ kind: 'status', status });
    fake.calls.length = 0;
    await expect(store.get('a/b')).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.stat('a/b')).rejects.toMatchObject(UNAVAILABLE);
    await expect(put('a/c')).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.delete('a/b')).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.removeUnfinished(0)).rejects.toMatchObject(UNAVAILABLE);
    expect(fake.calls).toHaveLength(6);
  });

  it('on a later page ends a list with an error, never early', async () => {
    for (let at = 0; at < 1001; at++) fake.plant(`page/${at}`, Buffer.alloc(0));
    const list = store.list('page/')[Symbol.asyncIterator]();
    for (let at = 0; at < 1000; at++) await list.next();
    fake.faults.add({ kind: 'status', status: 500, operations: ['ListObjectsV2'] });
    await expect(list.next()).rejects.toMatchObject(UNAVAILABLE);
  });
});

describe('a connection', () => {
  it.each(['reset', 'silence'] as const)('that ends in %s makes the store unavailable', async (kind) => {
    await put('a/b');
    fake.faults.add({ kind });
    await expect(impatient().get('a/b')).rejects.toMatchObject(UNAVAILABLE);
    await expect(impatient().stat('a/absent')).rejects.toMatchObject(UNAVAILABLE);
    await expect(impatient().put('a/c', Buffer.from('x'))).rejects.toMatchObject(UNAVAILABLE);
  });

  it('that breaks in the middle of an object destroys the stream', async () => {
    await put('a/b', 'x'.repeat(300_000));
    fake.faults.add({ kind: 'cut' });
    await expect(read('a/b')).rejects.toMatchObject(UNAVAILABLE);
  });

  it('that brings another part than was asked for is refused', async () => {
    await put('a/b', '0123456789');
    fake.faults.add({ kind: 'short' });
    await expect(store.get('a/b', { start: 2, end: 8 })).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.get('a/b', { suffix: 5 })).rejects.toMatchObject(UNAVAILABLE);
  });

  it('that brings everything although a part was asked for is refused', async () => {
    await put('a/b', '0123456789');
    fake.faults.add({ kind: 'whole' });
    await expect(store.get('a/b', { start: 2, end: 8 })).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.get('a/b', { start: 2 })).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.get('a/b', { suffix: 5 })).rejects.toMatchObject(UNAVAILABLE);
    expect((await buffer((await store.get('a/b', { start: 0 })).stream)).toString()).toBe('0123456789');
  });

  it('that stands still while an object is read destroys the stream', async () => {
    await put('a/b', 'x'.repeat(300_000));
    fake.faults.add({ kind: 'stall' });
    const reading = async () => buffer((await impatient().get('a/b')).stream);
    await expect(reading()).rejects.toMatchObject(UNAVAILABLE);
  });
});

describe('a write whose answer is lost', () => {
  it.each(['PutObject', 'CompleteMultipartUpload'] as const)(
    'fails, and is found to exist by the next attempt (%s)',
    async (operation) => {
      const source = operation === 'PutObject' ? Buffer.from('x') : await fileOf(PART_BYTES + 1);
      fake.faults.add({ kind: 'reset', afterwards: true, operations: [operation], times: 1 });
      await expect(store.put('a/b', source)).rejects.toMatchObject(UNAVAILABLE);
      expect(await store.put('a/b', source)).toBe('existed');
      expect(fake.kept()).toEqual(['a/b']);
    },
  );
});

describe('a large upload', () => {
  it.each(['UploadPart', 'CompleteMultipartUpload'] as const)(
    'that fails at %s is aborted',
    async (operation) => {
      const source = await fileOf(3 * PART_BYTES);
      fake.faults.add({ kind: 'status', status: 500, operations: [operation], times: 1 });
      await expect(store.put('a/b', source)).rejects.toMatchObject(UNAVAILABLE);
      expect(fake.kept()).toEqual([]);
    },
  );

  it('that cannot be aborted either is left for the sweep', async () => {
    const source = await fileOf(2 * PART_BYTES);
    const heal = fake.faults.add({
      kind: 'status',
      operations: ['CompleteMultipartUpload', 'AbortMultipartUpload'],
    });
    await expect(store.put('a/b', source)).rejects.toMatchObject(UNAVAILABLE);
    expect(fake.kept()).toEqual(['unfinished upload of a/b']);
    heal();
    expect(await store.removeUnfinished(-60_000)).toBe(1);
    expect(fake.kept()).toEqual([]);
  });

  it('that is given up while it begins leaves nothing', async () => {
    const source = await fileOf(2 * PART_BYTES);
    const giveUp = new AbortController();
    fake.faults.add({
      kind: 'delay',
      delayMs: 300,
      afterwards: true,
      operations: ['CreateMultipartUpload'],
    });
    const writing = store.put('a/b', source, { signal: giveUp.signal });
    const outcome = writing.catch((error: Error) => error.message);
    await expect.poll(() => fake.kept()).toEqual(['unfinished upload of a/b']);
    giveUp.abort(new Error('client left'));
    expect(await outcome).toBe('client left');
    expect(fake.kept()).toEqual([]);
  });

  it('that is given up while it ends is told how that went', async () => {
    const source = await fileOf(PART_BYTES + 1);
    const giveUp = new AbortController();
    fake.faults.add({
      kind: 'delay',
      delayMs: 300,
      afterwards: true,
      operations: ['CompleteMultipartUpload'],
    });
    const writing = store.put('a/b', source, { signal: giveUp.signal });
    await expect.poll(() => fake.kept()).toEqual(['a/b']);
    giveUp.abort(new Error('client left'));
    expect(await writing).toBe('created');
  });

  it('of 64 MiB holds two parts in memory, however many it has', async () => {
    const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
    await store.put('a/b', await fileOf(64 * 1024 * 1024));
    expect(fake.object('a/b')).toMatchObject({ parts: 8 });
    expect(fake.mostAtOnce.get('UploadPart')).toBe(2);
    expect(allocate.mock.calls.filter(([size]) => size >= PART_BYTES)).toHaveLength(2);
  });

  it('sends no part when the object is there already', async () => {
    const source = await fileOf(PART_BYTES + 1);
    await store.put('a/b', source);
    fake.calls.length = 0;
    expect(await store.put('a/b', source)).toBe('existed');
    expect(fake.calls).toEqual(['HeadObject a/b']);
  });
});

describe('a conflict with another writer', () => {
  it.each(['PutObject', 'CompleteMultipartUpload'] as const)('at %s begins anew', async (operation) => {
    const source = operation === 'PutObject' ? Buffer.from('x') : await fileOf(PART_BYTES + 1);
    fake.faults.add({
      kind: 'status',
      status: 409,
      code: 'ConditionalRequestConflict',
      operations: [operation],
      times: 2,
    });
    expect(await store.put('a/b', source)).toBe('created');
    expect(fake.kept()).toEqual(['a/b']);
  });

  it('that never ends makes the store unavailable', async () => {
    fake.faults.add({ kind: 'status', status: 409, code: 'ConditionalRequestConflict' });
    await expect(put('a/b')).rejects.toMatchObject(UNAVAILABLE);
  });
});

describe('a vendor that refuses conditional writes', () => {
  beforeEach(async () => {
    await fake.stop();
    await start({ conditionalWrites: 'refused' });
  });

  it('is asked first whether there is an object, and then not tried with the condition again', async () => {
    expect(await put('a/b')).toBe('created');
    expect(await put('a/c')).toBe('created');
    expect(fake.calls).toEqual([
      'PutObject a/b',
      'HeadObject a/b',
      'PutObject a/b',
      'HeadObject a/c',
      'PutObject a/c',
    ]);
  });

  it('still keeps what is there', async () => {
    await put('a/b', 'first');
    expect(await put('a/b', 'other')).toBe('existed');
    await expect(put('a/b', 'longer')).rejects.toMatchObject({ reason: 'exists' });
    expect((await read('a/b')).toString()).toBe('first');
  });

  it('takes large files', async () => {
    expect(await store.put('a/b', await fileOf(PART_BYTES + 1))).toBe('created');
    expect(fake.kept()).toEqual(['a/b']);
  });
});
