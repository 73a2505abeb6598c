import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import { S3ObjectStore } from '../../../src/storage/adapters/s3/s3-object-store.js';
import type { ArtifactKey } from '../../../src/storage/artifact-key.js';
import type { Artifact } from '../../../src/storage/domain/artifact.js';
import type { ObjectBody, ObjectRange } from '../../../src/storage/object-store.js';
import { ObjectStoreRejected, ObjectStoreUnavailable } from '../../../src/storage/object-store.errors.js';
import { ArtifactDamaged } from '../../../src/storage/storage.errors.js';
import { FakeS3 } from '../../support/fakes/s3/fake-s3.js';
import { plainConnections } from '../../support/store-connections.js';
import { StorageFixture } from './storage-fixture.js';

const DAY = 24 * 3_600_000;
const NOW = { secondLookMs: 0 };

let fixture: StorageFixture;
beforeEach(async () => {
  fixture = await StorageFixture.start();
});
afterEach(() => fixture.stop());

/** Lets the next run read everything. */
async function request(storage = 'local'): Promise<void> {
  await fixture.cycles.begin(storage);
}

async function scrubEverything(storage = 'local'): Promise<void> {
  await request(storage);
  await fixture.scrub.run(NOW);
}

async function damageOf(key: ArtifactKey, storage = 'local'): Promise<Artifact['damage'] | undefined> {
  const [row] = await fixture.sql<{ damage: Artifact['damage'] }>(
    `SELECT damage FROM artifacts WHERE storage = $1 AND key = $2`,
    [storage, key.path],
  );
  return row?.damage;
}

async function overwrite(key: ArtifactKey, content: string): Promise<void> {
  await rm(fixture.fileOf(key), { force: true });
  await writeFile(fixture.fileOf(key), content);
}

describe('a scrub', () => {
  const WAYS: Record<string, [how: (key: ArtifactKey) => Promise<unknown>, damage: string]> = {
    'are gone': [(key) => rm(fixture.fileOf(key)), 'missing'],
    'have a flipped bit': [(key) => overwrite(key, 'dbmaged'), 'wrong-digest'],
    'were cut': [(key) => overwrite(key, 'dam'), 'wrong-size'],
    'were cut to nothing': [(key) => overwrite(key, ''), 'wrong-size'],
    grew: [(key) => overwrite(key, 'damaged and more'), 'wrong-size'],
    'are a directory': [
      async (key) => {
        await rm(fixture.fileOf(key));
        await mkdir(fixture.fileOf(key));
      },
      'missing',
    ],
    'are not given away': [(key) => chmod(fixture.fileOf(key), 0), 'unreadable'],
  };

  it.each(Object.entries(WAYS))('flags bytes that %s, and nothing else', async (name, [plant, damage]) => {
    // Nothing is refused to root.
    if (name === 'are not given away' && process.getuid?.() === 0) return;
    const { key } = await fixture.publish('damaged');
    const healthy = await fixture.publish('healthy');
    await plant(key);
    await scrubEverything();
    expect(await damageOf(key)).toBe(damage);
    expect(await damageOf(healthy.key)).toBeNull();
  });

  it('flags one blob that has the bytes of another', async () => {
    const [one, other] = [await fixture.publish('swapped 1'), await fixture.publish('swapped 2')];
    await overwrite(one.key, 'swapped 2');
    await overwrite(other.key, 'swapped 1');
    await fixture.publish('healthy');
    await scrubEverything();
    expect([await damageOf(one.key), await damageOf(other.key)]).toEqual(['wrong-digest', 'wrong-digest']);
  });

  it('leaves a record, a line in the log and a file that is unavailable, once', async () => {
    const { key, artifactId } = await fixture.publish('found damaged');
    await fixture.publish('healthy');
    await overwrite(key, 'found camaged');
    await scrubEverything();
    await expect(fixture.store.open(key)).rejects.toBeInstanceOf(ArtifactDamaged);
    await scrubEverything();
    const records = await fixture.sql(`SELECT action, resource_id FROM audit_entries ORDER BY created_at`);
    expect(records).toEqual([{ action: 'storage.artifact_damaged', resource_id: artifactId }]);
  });

  it('takes the flag away when the operator has restored the bytes', async () => {
    const { key } = await fixture.publish('restored by hand');
    await fixture.publish('healthy');
    await rm(fixture.fileOf(key));
    await scrubEverything();
    await overwrite(key, 'restored by hand');
    await fixture.scrub.run({ ...NOW, repairEveryMs: 0, runMs: 0 });
    await fixture.age(DAY);
    await fixture.scrub.run({ ...NOW, repairEveryMs: 1 });
    expect(await damageOf(key)).toBeNull();
    (await fixture.store.open(key)).stream.destroy();
  });

  it('asks what features know about right bytes', async () => {
    const { key, artifactId } = await fixture.publish('signed');
    await fixture.publish('healthy');
    let isHappy = false;
    fixture.checks.register(async ({ id }) =>
      id === artifactId && !isHappy ? 'the signature is of somebody else' : undefined,
    );
    await scrubEverything();
    expect(await damageOf(key)).toBe('failed-check');
    const [row] = await fixture.sql(`SELECT repair_result FROM artifacts WHERE id = $1`, [artifactId]);
    expect(row).toEqual({ repair_result: 'not-repairable' });
    isHappy = true;
    await scrubEverything();
    expect(await damageOf(key)).toBeNull();
  });

  it('does not judge what is staged, doomed or gone', async () => {
    const staged = await fixture.stage('only staged');
    await rm(fixture.fileOf(staged.key));
    const doomed = await fixture.publish('doomed');
    await fixture.bury(doomed.versionId);
    await fixture.sql(`UPDATE artifacts SET state = 'doomed', doomed_at = now() WHERE id = $1`, [
      doomed.artifactId,
    ]);
    await rm(fixture.fileOf(doomed.key));
    await fixture.publish('healthy');
    await scrubEverything();
    expect(await fixture.sql(`SELECT 1 FROM artifacts WHERE damaged_at IS NOT NULL`)).toEqual([]);
  });
});

describe('the cycle of a scrub', () => {
  it('begins when something was not read for the interval, and not before', async () => {
    const { key } = await fixture.publish('young');
    await overwrite(key, 'youns');
    await fixture.publish('healthy');
    await ageReading(29 * DAY);
    await fixture.scrub.run(NOW);
    expect(await damageOf(key)).toBeNull();
    await ageReading(2 * DAY);
    await fixture.scrub.run(NOW);
    expect(await damageOf(key)).toBe('wrong-digest');
    expect(await fixture.cycles.find('local')).toMatchObject({
      objects: 2,
      damaged: 1,
      cycleEndedAt: expect.any(Date),
    });
  });

  it('never begins by itself when the interval is 0', async () => {
    await fixture.publish('old');
    Object.assign(fixture.scrubConfig, { intervalMs: 0 });
    await ageReading(4000 * DAY);
    await fixture.scrub.run(NOW);
    expect(await fixture.cycles.find('local')).toBeNull();
  });

  it('reads what was read longest ago first, and each object once', async () => {
    const keys: string[] = [];
    for (const content of ['one', 'two', 'three']) {
      const { key, artifactId } = await fixture.publish(content);
      keys.unshift(key.path);
      const days = keys.length;
      await fixture.sql(
        `UPDATE artifacts SET verified_at = now() - make_interval(days => $2) WHERE id = $1`,
        [artifactId, days],
      );
    }
    const read: string[] = [];
    const reading = fixture.objects.get.bind(fixture.objects);
    fixture.objects.get = (path, range) => {
      read.push(path);
      return reading(path, range);
    };
    await scrubEverything();
    expect(read).toEqual(keys);
  });

  it('is done by one process at a time', async () => {
    for (let n = 0; n < 120; n += 1) await fixture.publish(`object ${n}`);
    await request();
    await Promise.all([fixture.scrub.run(NOW), fixture.scrub.run(NOW), fixture.scrub.run(NOW)]);
    await fixture.scrub.run(NOW);
    expect(await fixture.cycles.find('local')).toMatchObject({
      objects: 120,
      cycleEndedAt: expect.any(Date),
    });
  });

  it('is taken over when the process that did it was killed', async () => {
    await fixture.publish('object');
    await request();
    await fixture.sql(
      `UPDATE storage_scrubs SET lease_holder = gen_random_uuid(), lease_until = now() + interval '1 hour'`,
    );
    await fixture.scrub.run(NOW);
    expect(await fixture.cycles.find('local')).toMatchObject({ cycleEndedAt: null });
    await fixture.sql(`UPDATE storage_scrubs SET lease_until = now() - interval '1 second'`);
    await fixture.scrub.run(NOW);
    expect(await fixture.cycles.find('local')).toMatchObject({ cycleEndedAt: expect.any(Date) });
  });

  it('goes on where it was when it is stopped', async () => {
    for (let n = 0; n < 60; n += 1) await fixture.publish(`object ${n}`);
    const stop = new AbortController();
    const reading = fixture.objects.get.bind(fixture.objects);
    let reads = 0;
    fixture.objects.get = (path, range) => {
      reads += 1;
      if (reads === 55) stop.abort(new Error('shutdown'));
      return reading(path, range);
    };
    await request();
    await fixture.scrub.run({ ...NOW, signal: stop.signal });
    expect(await fixture.cycles.find('local')).toMatchObject({ objects: 54, cycleEndedAt: null });
    await fixture.scrub.run(NOW);
    expect(await fixture.cycles.find('local')).toMatchObject({ objects: 60, cycleEndedAt: expect.any(Date) });
    expect(reads).toBe(61);
  });

  it('gives other storages their turn', async () => {
    fixture.storages.put('second', new MemoryObjectStore());
    for (let n = 0; n < 60; n += 1) await fixture.publish(`object ${n}`);
    await fixture.publish('elsewhere', 'second');
    await request();
    await request('second');
    await fixture.scrub.run({ ...NOW, turnMs: 0 });
    expect(await fixture.cycles.find('second')).toMatchObject({ objects: 1, cycleEndedAt: expect.any(Date) });
    expect(await fixture.cycles.find('local')).toMatchObject({ objects: 60, cycleEndedAt: expect.any(Date) });
  });

  async function ageReading(ms: number): Promise<void> {
    await fixture.sql(
      `UPDATE artifacts SET committed_at = committed_at - make_interval(secs => $1::double precision / 1000)`,
      [ms],
    );
  }
});

/** A storage that fails as a test says. */
class FailingStore extends MemoryObjectStore {
  fails: (path: string) => Error | undefined = () => undefined;

  override get(path: string, range?: ObjectRange): Promise<ObjectBody> {
    const failure = this.fails(path);
    return failure ? Promise.reject(failure) : super.get(path, range);
  }
}

describe('a storage that cannot say', () => {
  let store: FailingStore;
  const keys: ArtifactKey[] = [];
  beforeEach(async () => {
    store = new FailingStore();
    fixture.storages.put('remote', store);
    keys.length = 0;
    for (const content of ['one', 'two', 'three', 'four']) {
      keys.push((await fixture.publish(content, 'remote')).key);
    }
  });

  async function expectNothingFlagged(): Promise<void> {
    expect(await fixture.sql(`SELECT 1 FROM artifacts WHERE damaged_at IS NOT NULL`)).toEqual([]);
  }

  it('is never damaged, and is tried again later', async () => {
    store.failWith(new Error('down'));
    await scrubEverything('remote');
    await expectNothingFlagged();
    expect(await fixture.cycles.find('remote')).toMatchObject({
      cycleEndedAt: null,
      problem: expect.any(String),
      retryAt: expect.any(Date),
    });
    store.failWith(undefined);
    await fixture.scrub.run(NOW);
    expect(await fixture.cycles.find('remote')).toMatchObject({ cycleEndedAt: null });
    await fixture.sql(`UPDATE storage_scrubs SET retry_at = now()`);
    await fixture.scrub.run(NOW);
    expect(await fixture.cycles.find('remote')).toMatchObject({
      cycleEndedAt: expect.any(Date),
      problem: null,
    });
  });

  it('does not hinder the others', async () => {
    store.failWith(new Error('down'));
    const { key } = await fixture.publish('local damage');
    await fixture.publish('local health');
    await rm(fixture.fileOf(key));
    await request('remote');
    await scrubEverything('local');
    expect(await damageOf(key)).toBe('missing');
  });

  it('is not damaged when its credentials have run out', async () => {
    store.fails = () => new ObjectStoreRejected('denied');
    await scrubEverything('remote');
    await expectNothingFlagged();
    expect(await fixture.cycles.find('remote')).toMatchObject({ problem: expect.any(String) });
  });

  it('is not damaged when another volume is in its place', async () => {
    for (const { path } of keys) await store.delete(path);
    await scrubEverything('remote');
    await expectNothingFlagged();
    await store.put('blobs/somebody-elses', Buffer.from('x'));
    Object.assign(fixture.scrubConfig, { intervalMs: 0 });
    await fixture.sql(`UPDATE storage_scrubs SET retry_at = now()`);
    await fixture.sql(`INSERT INTO artifacts (storage, key, digest, size_bytes, state, committed_at, verified_at)
      SELECT 'remote', 'blobs/more/' || n, 'd', 1, 'committed', now(), now() FROM generate_series(1, 60) n`);
    await fixture.scrub.run(NOW);
    await expectNothingFlagged();
  });

  it('is looked at twice before bytes count as damaged', async () => {
    let looks = 0;
    store.fails = (path) => {
      if (path !== keys[1]!.path) return undefined;
      looks += 1;
      return looks === 1 ? new ObjectStoreRejected('denied') : undefined;
    };
    await scrubEverything('remote');
    expect(looks).toBe(2);
    await expectNothingFlagged();
    expect(await fixture.cycles.find('remote')).toMatchObject({ objects: 4, cycleEndedAt: expect.any(Date) });
  });

  it('gives one object away at no time: that is damage after an hour', async () => {
    store.fails = (path) => (path === keys[2]!.path ? new ObjectStoreUnavailable('get') : undefined);
    await scrubEverything('remote');
    await expectNothingFlagged();
    expect(await fixture.cycles.find('remote')).toMatchObject({
      objects: 3,
      problem: '1 objects cannot be read at the moment',
    });
    await fixture.sql(`UPDATE storage_scrubs SET retry_at = now()`);
    await fixture.scrub.run(NOW);
    await expectNothingFlagged();
    await fixture.sql(`UPDATE storage_scrubs SET retry_at = now()`);
    await fixture.sql(`UPDATE artifacts SET unread_since = unread_since - interval '61 minutes'`);
    await fixture.scrub.run(NOW);
    expect(await damageOf(keys[2]!, 'remote')).toBe('unreadable');
    expect(await fixture.cycles.find('remote')).toMatchObject({ cycleEndedAt: expect.any(Date) });
  });

  it('fails now and then: nothing is flagged, and the cycle comes to its end', async () => {
    let calls = 0;
    store.fails = () => ((calls += 1) % 3 === 0 ? new ObjectStoreUnavailable('get') : undefined);
    await request('remote');
    for (let run = 0; run < 10; run += 1) {
      await fixture.scrub.run({ ...NOW, retryMs: 0 });
    }
    await expectNothingFlagged();
    expect(await fixture.cycles.find('remote')).toMatchObject({ cycleEndedAt: expect.any(Date) });
  });
});

describe('a bucket behind a connection that fails and spoils bytes', () => {
  it('is read to its end, and nothing of it counts as damaged', { timeout: 60_000 }, async () => {
    const server = await FakeS3.start();
    const store = new S3ObjectStore(server.settings, plainConnections());
    fixture.storages.put('bucket', store);
    for (let n = 0; n < 40; n += 1) await fixture.publish(`object ${n}`, 'bucket');
    for (const kind of ['status', 'reset', 'short', 'corrupt'] as const) {
      server.faults.add({ kind, probability: 0.05 });
    }
    await request('bucket');
    await vi.waitFor(
      async () => {
        await fixture.scrub.run({ ...NOW, retryMs: 0, runMs: 1_000 });
        expect(await fixture.cycles.find('bucket')).toMatchObject({ cycleEndedAt: expect.any(Date) });
      },
      { timeout: 50_000, interval: 1 },
    );
    server.faults.clear();
    expect(server.faults.struck).toBeGreaterThan(0);
    expect(await fixture.sql(`SELECT 1 FROM artifacts WHERE damaged_at IS NOT NULL`)).toEqual([]);
    expect((await fixture.verify.run()).findings).toEqual([]);
    await store.close();
    await server.stop();
  });
});

describe('the pace of a scrub', () => {
  it('is what the setting says', async () => {
    Object.assign(fixture.scrubConfig, { maxBytesPerSecond: 100_000 });
    const content = 'x'.repeat(30_000);
    for (const end of ['1', '2', '3']) await fixture.publish(content + end);
    await request();
    const begun = performance.now();
    await fixture.newScrub().run(NOW);
    expect(performance.now() - begun).toBeGreaterThan(850);
    expect(await readFile(fixture.fileOf(fixture.keyOf(`${content}1`)), 'utf8')).toHaveLength(30_001);
  });
});
