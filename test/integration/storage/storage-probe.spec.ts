import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { StorageConfig } from '../../../src/config/storage.config.js';
import { DomainError } from '../../../src/kernel/errors.js';
import type { CacheInvalidation } from '../../../src/platform/cache/cache-invalidation.js';
import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import type { S3Settings } from '../../../src/storage/domain/backend-settings.js';
import type { ObjectStoreFactory } from '../../../src/storage/object-store-factory.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { ObjectStoreRejected, ObjectStoreUnavailable } from '../../../src/storage/object-store.errors.js';
import type { NamedStore, ObjectStores } from '../../../src/storage/object-stores.service.js';
import { StoragePlaceTaken, StorageUnusable } from '../../../src/storage/storage-configurations.errors.js';
import { StorageProbe } from '../../../src/storage/storage-probe.service.js';
import { type Fault, FaultyObjectStore, type FaultyOperation } from '../../support/faulty-object-store.js';

const SETTINGS: S3Settings = { type: 's3', region: 'eu-central-1', bucket: 'b', authMethod: 'default' };
const IMPATIENT = { probeTimeoutMs: 300 };

beforeAll(() => Logger.overrideLogger(false));

/** A probe of a store that misbehaves, beside other known ones. */
function arrange({
  others = [],
  limits = {},
}: { others?: ObjectStore[]; limits?: Partial<StorageConfig> } = {}) {
  const bucket = new MemoryObjectStore();
  const store = new FaultyObjectStore(bucket);
  const close = vi.spyOn(store, 'close');
  const factory = { create: async () => store } as unknown as ObjectStoreFactory;
  const known: NamedStore[] = others.map((one, i) => ({
    name: `other-${i}`,
    settings: SETTINGS,
    store: one,
  }));
  const stores = {
    all: async () => known,
    active: async () => ({ name: 's3', settings: SETTINGS, store }),
  } as unknown as ObjectStores;
  const changes = { onChange: () => undefined } as unknown as CacheInvalidation;
  const config = Object.assign(new StorageConfig(), limits);
  return { bucket, store, close, probe: new StorageProbe(factory, stores, config, changes) };
}

async function objectsIn(store: ObjectStore): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of store.list('')) paths.push(path);
  return paths;
}

const failureOf = (work: Promise<unknown>): Promise<DomainError> =>
  work.then(
    () => {
      throw new Error('It passed');
    },
    (error: DomainError) => error,
  );

describe('the test of a storage', () => {
  it('writes, reads, lists and deletes one object, and closes the connections', async () => {
    const { bucket, store, close, probe } = arrange();
    expect(await probe.probe(SETTINGS)).toEqual([]);
    expect(store.calls.map((call) => call.split(' ')[0])).toEqual(['put', 'get', 'list', 'delete']);
    expect(await objectsIn(bucket)).toEqual([]);
    expect(close).toHaveBeenCalledOnce();
  });

  const faults: [FaultyOperation, Fault, string][] = [
    ['put', { kind: 'fails', error: new ObjectStoreRejected('denied') }, 'may write'],
    ['get', { kind: 'fails' }, 'did not work as it should'],
    ['get', { kind: 'ends-early', after: 3 }, 'did not work as it should'],
    ['get', { kind: 'goes-on', after: 3 }, 'did not work as it should'],
    ['list', { kind: 'fails', error: new ObjectStoreRejected('denied') }, 'list and delete'],
    ['delete', { kind: 'fails', error: new ObjectStoreRejected('denied') }, 'list and delete'],
  ];
  it.each(faults)(
    'fails when %s misbehaves, and removes what was written: %j',
    async (operation, fault, words) => {
      const { bucket, store, close, probe } = arrange();
      store.plan(operation, fault);
      const error = await failureOf(probe.probe(SETTINGS));
      expect(error).toBeInstanceOf(StorageUnusable);
      expect([error.kind, error.message]).toEqual(['invalid', expect.stringContaining(words)]);
      expect(store.faultsLeft).toBe(0);
      expect(await objectsIn(bucket)).toEqual([]);
      expect(close).toHaveBeenCalledOnce();
    },
  );

  it('removes an object that was written although nobody said so', async () => {
    const { bucket, store, probe } = arrange();
    store.plan('put', { kind: 'answer-lost' });
    await expect(probe.probe(SETTINGS)).rejects.toBeInstanceOf(StorageUnusable);
    expect(await objectsIn(bucket)).toEqual([]);
  });

  it.each<FaultyOperation>(['put', 'get', 'list', 'delete'])(
    'does not wait for ever for %s',
    async (operation) => {
      const { store, close, probe } = arrange({ limits: IMPATIENT });
      store.plan(operation, { kind: 'hangs' });
      const error = await failureOf(probe.probe(SETTINGS));
      expect(error.message).toContain('did not answer in time');
      expect(store.calls.at(-1)).toMatch(/^delete probe\//);
      expect(close).toHaveBeenCalledOnce();
      for (const release of store.released) release();
    },
  );

  it('is not kept up by cleaning up', async () => {
    const { store, probe } = arrange({ limits: IMPATIENT });
    store.plan('get', { kind: 'fails' });
    store.plan('delete', { kind: 'hangs' });
    await expect(probe.probe(SETTINGS)).rejects.toBeInstanceOf(StorageUnusable);
    for (const release of store.released) release();
  });

  it('says which of the objects that it should hold are not there', async () => {
    const { bucket, probe } = arrange();
    await bucket.put('blobs/here', Buffer.from('x'));
    const holding = ['blobs/here', 'blobs/there'];
    expect(await probe.probe(SETTINGS, { holding })).toEqual(['blobs/there']);
  });

  it('takes an outage for no missing object', async () => {
    const { store, probe } = arrange();
    store.plan('stat', { kind: 'fails', error: new ObjectStoreUnavailable('stat') });
    await expect(probe.probe(SETTINGS, { holding: ['blobs/a'] })).rejects.toBeInstanceOf(StorageUnusable);
  });
});

describe('two storages at one place', () => {
  it('are found out by what one writes and the other sees', async () => {
    const { bucket, probe } = arrange({ others: [new MemoryObjectStore()] });
    expect(await probe.probe(SETTINGS, { apartFrom: null })).toEqual([]);
    const same = arrange({ others: [new MemoryObjectStore(), bucket] });
    const { store } = same;
    vi.spyOn(store, 'put').mockImplementation((path, source) => bucket.put(path, source));
    vi.spyOn(store, 'get').mockImplementation((path) => bucket.get(path));
    vi.spyOn(store, 'delete').mockImplementation((path) => bucket.delete(path));
    const error = await failureOf(same.probe.probe(SETTINGS, { apartFrom: null }));
    expect(error).toBeInstanceOf(StoragePlaceTaken);
    expect(error.message).toContain('other-1');
    expect(await objectsIn(bucket)).toEqual([]);
    expect(await same.probe.probe(SETTINGS, { apartFrom: 'other-1' })).toEqual([]);
    expect(await same.probe.probe(SETTINGS)).toEqual([]);
  });

  it('is no question that another storage without an answer can hold up', async () => {
    const [silent, broken] = [new MemoryObjectStore(), new MemoryObjectStore()].map(
      (one) => new FaultyObjectStore(one),
    );
    silent!.plan('stat', { kind: 'hangs' });
    broken!.plan('stat', { kind: 'fails' });
    const { probe } = arrange({ others: [silent!, broken!], limits: { probeTimeoutMs: 1_000 } });
    expect(await probe.probe(SETTINGS, { apartFrom: null })).toEqual([]);
    for (const release of silent!.released) release();
  });
});

describe('whether the active storage works', () => {
  it('is asked once for many who want to know', async () => {
    const { store, close, probe } = arrange();
    expect(await Promise.all([probe.works(), probe.works(), probe.works()])).toEqual([true, true, true]);
    expect(store.calls.filter((call) => call.startsWith('put'))).toHaveLength(1);
    expect(close).not.toHaveBeenCalled();
  });

  it('is told without a reason', async () => {
    const { store, probe } = arrange();
    store.plan('put', { kind: 'fails' });
    expect(await probe.works()).toBe(false);
  });
});
