import { beforeEach, describe, expect, it } from 'vitest';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import type { Transactions } from '../platform/database/transactions.js';
import { DamagedArtifacts } from './damaged-artifacts.service.js';
import type { ObjectPlace, ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';

const ONE = { storage: 'local', key: 'blobs/one' };

let changes: CacheInvalidation;
let damaged: DamagedArtifacts;
let rows: ObjectPlace[];
let reads: number;
let reading: () => Promise<ObjectPlace[]>;
beforeEach(() => {
  rows = [];
  reads = 0;
  reading = () => Promise.resolve([...rows]);
  const repository = {
    damagedPlaces: () => {
      reads += 1;
      return reading();
    },
    isDamaged: ({ key }: ObjectPlace) => Promise.resolve(key === 'blobs/beyond'),
  } as unknown as ScrubArtifactsRepository;
  changes = new CacheInvalidation({ afterCommit: (work: () => void) => work() } as Transactions);
  damaged = new DamagedArtifacts(repository, changes);
});

const isDamaged = (place = ONE): Promise<boolean> => damaged.has(place.storage, place.key);

describe('what is known to be damaged', () => {
  it('is read once for many questions', async () => {
    rows = [ONE];
    expect(await Promise.all(Array.from({ length: 50 }, () => isDamaged()))).not.toContain(false);
    expect(await isDamaged({ ...ONE, storage: 'elsewhere' })).toBe(false);
    expect(reads).toBe(1);
  });

  it('is read again when it has changed, before anybody is answered', async () => {
    expect(await isDamaged()).toBe(false);
    rows = [ONE];
    damaged.announce();
    expect(await isDamaged()).toBe(true);
  });

  it('is not what was read before it changed', async () => {
    const gate = Promise.withResolvers<void>();
    reading = async () => {
      const before = [...rows];
      await gate.promise;
      return before;
    };
    const early = isDamaged();
    rows = [ONE];
    damaged.announce();
    reading = () => Promise.resolve([...rows]);
    gate.resolve();
    expect(await early).toBe(false);
    expect(await isDamaged()).toBe(true);
  });

  it('is what was known last while the database is away', async () => {
    rows = [ONE];
    await isDamaged();
    reading = () => Promise.reject(new Error('down'));
    changes.forget('settings');
    expect(await isDamaged()).toBe(true);
  });

  it('is asked for one by one when it is too much to hold', async () => {
    rows = Array.from({ length: 10_000 }, (_, n) => ({ storage: 'local', key: `blobs/${n}` }));
    expect(await isDamaged({ storage: 'local', key: 'blobs/beyond' })).toBe(true);
    expect(await isDamaged({ storage: 'local', key: 'blobs/right' })).toBe(false);
  });
});
