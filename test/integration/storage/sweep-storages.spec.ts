import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalObjectStore } from '../../../src/storage/adapters/local/local-object-store.js';
import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import { S3ObjectStore } from '../../../src/storage/adapters/s3/s3-object-store.js';
import { ArtifactKey } from '../../../src/storage/artifact-key.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { UnknownStorageEpoch } from '../../../src/storage/sweep.errors.js';
import { FakeS3 } from '../../support/fakes/s3/fake-s3.js';
import { plainConnections } from '../../support/store-connections.js';
import { abandonS3Upload } from '../../contract/object-store/s3-under-test.js';
import { StorageFixture } from './storage-fixture.js';

const HOUR = 3_600_000;
const EVERYTHING = { graceMs: 0, takeOverMs: 0 };

let fixture: StorageFixture;
let second: MemoryObjectStore;
beforeEach(async () => {
  fixture = await StorageFixture.start();
  second = new MemoryObjectStore();
  fixture.storages.put('second', second);
});
afterEach(() => fixture.stop());

async function pathsIn(store: ObjectStore, prefix = ArtifactKey.root): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of store.list(prefix)) found.push(path);
  return found;
}

describe('a sweep of several storages', () => {
  it('removes from each what nothing refers to, and nothing else', async () => {
    const kept = [await fixture.publish('kept'), await fixture.publish('kept', 'second')];
    await fixture.stage('left');
    await fixture.stage('left', 'second');
    const report = await fixture.sweep.run(EVERYTHING);
    expect(report).toMatchObject({ doomed: 2, removed: 2 });
    expect(report.storages).toMatchObject([
      { storage: 'local', removed: 1 },
      { storage: 'second', removed: 1 },
    ]);
    expect(await fixture.paths()).toEqual([kept[0]!.key.path]);
    expect(await pathsIn(second)).toEqual([kept[1]!.key.path]);
  });

  it('leaves one that cannot be reached alone, and sweeps the others', async () => {
    await fixture.stage('here');
    await fixture.stage('there', 'second');
    second.failWith(new Error('down'));
    const report = await fixture.sweep.run(EVERYTHING);
    expect(report.storages).toMatchObject([
      { storage: 'local', removed: 1 },
      { storage: 'second', doomed: 0, removed: 0, problem: expect.any(Error) },
    ]);
    second.failWith(undefined);
    expect(await fixture.states()).toEqual(['staged']);
    expect(await pathsIn(second)).toHaveLength(1);
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ removed: 1 });
  });

  it('comes to the others when an error that nobody expects ends one, and tells of it', async () => {
    await fixture.stage('there', 'second');
    fixture.storages.put('broken', new BrokenStore());
    await fixture.sql(
      `INSERT INTO artifacts (storage, key, digest, size_bytes, state) VALUES ('broken', 'k', 'd', 1, 'staged')`,
    );
    await expect(fixture.sweep.run(EVERYTHING)).rejects.toThrow('not what anybody expects');
    expect(await pathsIn(second)).toEqual([]);
  });

  it('names a storage that is not configured any more, and touches none of its rows', async () => {
    await fixture.stage('moved', 'second');
    fixture.storages.remove('second');
    const { storages } = await fixture.sweep.run(EVERYTHING);
    expect(storages[1]).toMatchObject({ storage: 'second', problem: { code: 'storage_not_configured' } });
    expect(await fixture.states()).toEqual(['staged']);
  });

  it('comes to a storage that has nothing but a deletion that was begun', async () => {
    const { key } = await fixture.stage('begun', 'second');
    await fixture.sql(`DELETE FROM artifacts`);
    await fixture.sql(`INSERT INTO artifact_deletions VALUES ('second', $1)`, [key.path]);
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ finished: 1 });
    expect(await pathsIn(second)).toEqual([]);
  });

  it('removes objects of connectivity tests only when they are old', async () => {
    const path = `probe/${randomUUID()}`;
    await fixture.objects.put(path, Buffer.from('x'));
    await fixture.objects.put('probe/mine', Buffer.from('x'));
    await fixture.sweep.run(EVERYTHING);
    expect(await pathsIn(fixture.objects, 'probe/')).toEqual([path, 'probe/mine'].sort());
    Object.assign(fixture.config, { sweepGraceMs: 0 });
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ unfinished: 1 });
    expect(await pathsIn(fixture.objects, 'probe/')).toEqual(['probe/mine']);
  });
});

/** A storage whose program has a mistake. */
class BrokenStore extends MemoryObjectStore {
  override list(): AsyncIterable<never> {
    throw new TypeError('not what anybody expects');
  }
}

describe('a sweep of a bucket', () => {
  let server: FakeS3;
  beforeEach(async () => {
    server = await FakeS3.start();
    fixture.storages.put('bucket', new S3ObjectStore(server.settings, plainConnections()));
    fixture.storages.activate('bucket');
  });
  afterEach(() => server.stop());

  it('removes what nothing refers to and keeps the rest', async () => {
    const { key } = await fixture.publish('kept', 'bucket');
    const left = await fixture.stage('left', 'bucket');
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ doomed: 1, removed: 1 });
    const { store } = await fixture.stores.of('bucket');
    expect(await pathsIn(store)).toEqual([key.path]);
    expect(left.key.path).not.toBe(key.path);
  });

  it('removes uploads that were never finished only when they are older than the grace', async () => {
    await abandonS3Upload(server.settings, 'blobs/never/finished');
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ unfinished: 0 });
    expect(server.kept()).toContain('unfinished upload of blobs/never/finished');
    Object.assign(fixture.config, { sweepGraceMs: 0 });
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ unfinished: 1 });
    expect(server.kept()).not.toContain('unfinished upload of blobs/never/finished');
  });
});

describe('a storage and a database that do not belong together (K10)', () => {
  /** Everything that the database knows at a moment, to go back to it. */
  async function dump(): Promise<() => Promise<void>> {
    const tables = ['artifacts', 'artifact_deletions', 'module_versions', 'storage_epochs'];
    const held = new Map<string, unknown[]>();
    for (const table of tables)
      held.set(table, await fixture.sql(`SELECT to_jsonb(t) AS row FROM ${table} t`));
    return async () => {
      await fixture.sql(`DELETE FROM module_versions`);
      for (const table of tables) {
        await fixture.sql(`DELETE FROM ${table}`);
        await fixture.sql(
          `INSERT INTO ${table} SELECT r.* FROM jsonb_array_elements($1::jsonb) AS e (one),
             jsonb_populate_record(NULL::${table}, e.one -> 'row') AS r`,
          [JSON.stringify(held.get(table))],
        );
      }
    };
  }

  it('are left alone after a restore of an older database, until an operator confirms', async () => {
    await fixture.publish('before');
    await fixture.sweep.run();
    const restore = await dump();
    const later = await fixture.publish('published after the backup');
    await fixture.sweep.run();
    await restore();
    await fixture.age(48 * HOUR);
    for (let pass = 0; pass < 3; pass += 1) {
      const { storages, ...counts } = await fixture.sweep.run(EVERYTHING);
      expect(counts).toMatchObject({ doomed: 0, adopted: 0, removed: 0, finished: 0 });
      expect(storages[0]!.problem).toBeInstanceOf(UnknownStorageEpoch);
    }
    expect(await fixture.paths()).toContain(later.key.path);
    expect((await fixture.verify.run()).findings.map(({ kind }) => kind)).toContain('unknown-epoch');
    expect(await fixture.confirmation.confirm('local')).toBe(true);
    expect(await fixture.confirmation.confirm('local')).toBe(false);
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ adopted: 1, removed: 1 });
    expect(await fixture.paths()).not.toContain(later.key.path);
  });

  it('are left alone when the objects of an older backup were restored', async () => {
    await fixture.sweep.run();
    const [old] = await pathsIn(fixture.objects, 'epoch/');
    await fixture.age(HOUR);
    await fixture.sweep.run();
    await fixture.age(HOUR);
    await fixture.sweep.run();
    expect(await pathsIn(fixture.objects, 'epoch/')).not.toContain(old);
    await fixture.objects.put(old!, Buffer.from('restored'));
    await fixture.stage('unreferenced');
    expect((await fixture.sweep.run(EVERYTHING)).storages[0]!.problem).toBeInstanceOf(UnknownStorageEpoch);
    expect(await fixture.paths()).toHaveLength(1);
  });

  it('are left alone when another registry uses the storage too', async () => {
    const other = await StorageFixture.start();
    other.storages.put('theirs', second);
    other.storages.activate('theirs');
    await other.publish('of the other registry', 'theirs');
    await other.sweep.run();
    await fixture.stage('ours', 'second');
    const { storages } = await fixture.sweep.run(EVERYTHING);
    expect(storages[1]!.problem).toBeInstanceOf(UnknownStorageEpoch);
    expect(await pathsIn(second)).toHaveLength(2);
    await other.stop();
  });

  it('are left alone when two names lead to the same place', async () => {
    const { versionId } = await fixture.publish('in use');
    await fixture.sweep.run();
    fixture.storages.put('alias', new LocalObjectStore(fixture.config.localBasePath));
    fixture.storages.activate('alias');
    await fixture.publish('in use', 'alias');
    await fixture.bury(versionId);
    for (let pass = 0; pass < 2; pass += 1) {
      const { storages } = await fixture.sweep.run(EVERYTHING);
      expect(storages.map(({ problem }) => problem)).toEqual([
        expect.any(UnknownStorageEpoch),
        expect.any(UnknownStorageEpoch),
      ]);
    }
    expect(await fixture.paths()).toHaveLength(1);
  });

  it('keeps few objects for that, however often it sweeps', async () => {
    for (let sweep = 0; sweep < 5; sweep += 1) {
      await fixture.sweep.run();
      await fixture.age(HOUR);
    }
    expect((await pathsIn(fixture.objects, 'epoch/')).length).toBeLessThanOrEqual(2);
    expect((await fixture.verify.run()).findings).toEqual([]);
  });
});
