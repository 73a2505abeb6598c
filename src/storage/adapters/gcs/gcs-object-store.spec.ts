import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeGcs } from '../../../../test/support/fakes/gcs/fake-gcs.js';
import type { GcsFault } from '../../../../test/support/fakes/gcs/gcs-faults.js';
import { GoogleConnections } from '../../../../test/support/fakes/gcs/google-connections.js';
import type { GcsSettings } from '../../domain/backend-settings.js';
import { GcsObjectStore } from './gcs-object-store.js';

const CHUNK = 256 * 1024;
const SHORT_MS = 300;

let fake: FakeGcs;
let connections: GoogleConnections;
let store: GcsObjectStore;

beforeEach(async () => {
  fake = await FakeGcs.start();
  connections = new GoogleConnections(fake.url);
  store = storeWith({});
});
afterEach(async () => {
  connections.close();
  await fake.stop();
});

function storeWith(settings: Partial<GcsSettings>, idleMs?: number): GcsObjectStore {
  return new GcsObjectStore(
    { ...fake.settings, resumableChunkBytes: CHUNK, ...settings },
    connections,
    idleMs,
  );
}

const read = async (path: string) => buffer((await store.get(path)).stream);
const unavailable = { name: 'ObjectStoreUnavailable' };

describe('a download from Google Cloud Storage', () => {
  const bytes = randomBytes(600_000);
  beforeEach(() => store.put('object', bytes));

  it.each<[string, GcsFault['kind']]>([
    ['breaks off', 'cut'],
    ['is too short, and says so', 'short'],
    ['has a wrong byte', 'corrupt'],
  ])('fails when the object %s', async (_name, kind) => {
    fake.faults.add({ kind, operations: ['media'] });
    await expect(read('object')).rejects.toMatchObject(unavailable);
  });

  it.each<[string, GcsFault['kind']]>([
    ['breaks off', 'cut'],
    ['is too short, and says so', 'short'],
  ])('of a part fails when it %s', async (_name, kind) => {
    fake.faults.add({ kind, operations: ['media'] });
    const part = store.get('object', { start: 100_000, end: 500_000 }).then(({ stream }) => buffer(stream));
    await expect(part).rejects.toMatchObject(unavailable);
  });

  it('of a part fails when the whole object comes', async () => {
    fake.options.ignoresRanges = true;
    await expect(store.get('object', { start: 1, end: 3 })).rejects.toMatchObject(unavailable);
    expect((await buffer((await store.get('object', { start: 0 })).stream)).equals(bytes)).toBe(true);
  });

  it('compares CRC32C where the service has no MD5', async () => {
    fake.options.hidesMd5 = true;
    expect((await read('object')).equals(bytes)).toBe(true);
    fake.faults.add({ kind: 'corrupt', operations: ['media'] });
    await expect(read('object')).rejects.toMatchObject(unavailable);
  });

  it('gives a packed object as it is stored', async () => {
    const packed = gzipSync('text');
    await fake.insert({ name: 'packed', contentEncoding: 'gzip' }, packed);
    const { size, length, stream } = await store.get('packed');
    expect({ size, length }).toEqual({ size: packed.length, length: packed.length });
    expect((await buffer(stream)).equals(packed)).toBe(true);
  });

  it('that a reader leaves does not disturb others on the same connections', async () => {
    const [left, kept] = [await store.get('object'), await store.get('object')];
    left.stream.destroy();
    expect((await buffer(kept.stream)).equals(bytes)).toBe(true);
  });

  it('waits for a reader who is slower than the time limit', async () => {
    const { stream } = await storeWith({}, SHORT_MS).get('object');
    await pause(3 * SHORT_MS);
    expect((await buffer(stream)).equals(bytes)).toBe(true);
  });
});

describe('a list of Google Cloud Storage', () => {
  it('leaves out names that are no paths, such as folders of the console', async () => {
    await store.put('folder/object', Buffer.from('x'));
    await fake.insert({ name: 'folder/' }, Buffer.alloc(0));
    await fake.insert({ name: '.hidden' }, Buffer.alloc(0));
    const found: string[] = [];
    for await (const { path } of store.list('')) found.push(path);
    expect(found).toEqual(['folder/object']);
  });

  it('that fails at a later page is not a shorter list', async () => {
    fake.options.maxPage = 2;
    for (const name of ['a', 'b', 'c', 'd', 'e']) await store.put(name, Buffer.from('x'));
    const list = store.list('')[Symbol.asyncIterator]();
    for (let at = 0; at < 4; at++) await list.next();
    fake.faults.add({ kind: 'status', status: 500, operations: ['list'] });
    await expect(list.next()).rejects.toMatchObject(unavailable);
  });
});

describe('the connections of a store', () => {
  it('carry everything: tokens, metadata, chunks and signatures', async () => {
    await store.put('large', randomBytes(2 * CHUNK));
    await store.put('small', Buffer.from('x'));
    await read('small');
    await store.stat('small');
    await store.delete('small');
    for await (const _ of store.list(''));
    expect(connections.wanted.length).toBe(fake.connections);
    expect(new Set(connections.wanted)).toEqual(new Set(['127.0.0.1']));
  });

  it('lead to Google unless an endpoint is set', async () => {
    const { credentialsJson = '' } = fake.settings;
    const key = JSON.parse(credentialsJson) as object;
    const asGoogle = JSON.stringify({ ...key, token_uri: 'https://oauth2.googleapis.com/token' });
    const google = storeWith({ endpoint: undefined, credentialsJson: asGoogle });
    await google.put('large', randomBytes(2 * CHUNK));
    expect(await google.stat('large')).toMatchObject({ size: 2 * CHUNK });
    expect(new Set(connections.wanted)).toEqual(new Set(['oauth2.googleapis.com', 'storage.googleapis.com']));
  });

  it('are not waited for without end', async () => {
    await store.put('object', Buffer.from('x'));
    const impatient = storeWith({}, SHORT_MS);
    fake.faults.add({ kind: 'silence', operations: ['stat', 'media', 'insert', 'delete'] });
    await expect(impatient.stat('object')).rejects.toMatchObject(unavailable);
    await expect(impatient.get('object')).rejects.toMatchObject(unavailable);
    await expect(impatient.put('new', Buffer.from('x'))).rejects.toMatchObject(unavailable);
    await expect(impatient.delete('object')).rejects.toMatchObject(unavailable);
  });
});
