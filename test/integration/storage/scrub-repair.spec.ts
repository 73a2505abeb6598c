import { readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { armFailpoint, disarmFailpoints } from '../../../src/platform/failpoints/failpoint.js';
import type { FailpointName } from '../../../src/platform/failpoints/failpoint-names.js';
import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import { S3ObjectStore } from '../../../src/storage/adapters/s3/s3-object-store.js';
import type { ObjectSource, PutOutcome } from '../../../src/storage/object-store.js';
import type { ArtifactKey } from '../../../src/storage/artifact-key.js';
import { FakeS3 } from '../../support/fakes/s3/fake-s3.js';
import { plainConnections } from '../../support/store-connections.js';
import { StorageFixture } from './storage-fixture.js';

const NOW = { secondLookMs: 0 };
const CONTENT = 'the right bytes';

let fixture: StorageFixture;
let second: MemoryObjectStore;
let key: ArtifactKey;
let artifactId: string;
beforeEach(async () => {
  fixture = await StorageFixture.start();
  second = new MemoryObjectStore();
  fixture.storages.put('second', second);
  ({ key, artifactId } = await fixture.publish(CONTENT));
  await fixture.publish('a healthy neighbour');
});
afterEach(async () => {
  disarmFailpoints();
  await fixture.stop();
});

async function damage(bytes = 'the wrong bytes'): Promise<void> {
  await rm(fixture.fileOf(key));
  await writeFile(fixture.fileOf(key), bytes);
}

async function scrub(): Promise<void> {
  await fixture.cycles.begin('local');
  await fixture.scrub.run(NOW);
}

/** As when the wait between two attempts is over. */
async function tryAgain(): Promise<void> {
  await fixture.sql(`UPDATE artifacts SET repair_tried_at = NULL`);
  await fixture.scrub.run(NOW);
}

async function row(): Promise<Record<string, unknown>> {
  const [found] = await fixture.sql(`SELECT damage, repair_result FROM artifacts WHERE id = $1`, [
    artifactId,
  ]);
  return found!;
}

async function expectRepaired(): Promise<void> {
  expect(await row()).toEqual({ damage: null, repair_result: null });
  expect(await readFile(fixture.fileOf(key), 'utf8')).toBe(CONTENT);
  expect(await fixture.sql('SELECT * FROM artifact_deletions')).toEqual([]);
  expect((await fixture.verify.run()).findings).toEqual([]);
  expect(fixture.tempFiles.inUse).toBe(0);
}

/** A storage that takes bytes and, when it is tired, keeps others. */
class ForgetfulStore extends MemoryObjectStore {
  isTired = false;

  override put(path: string, source: ObjectSource): Promise<PutOutcome> {
    return super.put(path, this.isTired ? Buffer.from('something else!') : source);
  }
}

describe('a damaged artifact', () => {
  const DAMAGES: Record<string, () => Promise<void>> = {
    'wrong bytes of the right size': () => damage('the WRONG bytes'),
    'fewer bytes': () => damage('the'),
    'more bytes': () => damage(`${CONTENT} and more`),
    'no file': () => rm(fixture.fileOf(key)),
    'a link in its place': async () => {
      await rm(fixture.fileOf(key));
      await symlink('/etc/hostname', fixture.fileOf(key));
    },
  };

  it.each(Object.entries(DAMAGES))(
    'with %s gets the right ones from another storage',
    async (_name, plant) => {
      await fixture.publish(CONTENT, 'second');
      await plant();
      await scrub();
      await expectRepaired();
      const records = await fixture.sql(`SELECT action FROM audit_entries ORDER BY created_at`);
      expect(records).toEqual([
        { action: 'storage.artifact_damaged' },
        { action: 'storage.artifact_repaired' },
      ]);
    },
  );

  it('gets them from a known storage that has no row for it', async () => {
    await second.put(key.path, Buffer.from(CONTENT));
    await damage();
    await scrub();
    await expectRepaired();
  });

  it('gets them from the same storage, under the name that another version has there', async () => {
    const twin = fixture.keyOf(CONTENT, 'twin');
    const staged = await fixture.store.stage(twin, Buffer.from(CONTENT));
    await fixture.reference(staged);
    await damage();
    await scrub();
    await expectRepaired();
  });

  it('gets them from what a feature has registered, and from no storage that has wrong ones', async () => {
    await second.put(key.path, Buffer.from('the fake bytes!'));
    fixture.sources.register(async () => Readable.from([Buffer.from('fake too'), Buffer.alloc(1000)]));
    fixture.sources.register(async (wanted) =>
      wanted.key === key.path ? Readable.from([CONTENT]) : undefined,
    );
    await damage();
    await scrub();
    await expectRepaired();
  });

  it('that nobody has stays damaged, and says so', async () => {
    await damage();
    await scrub();
    expect(await row()).toEqual({ damage: 'wrong-digest', repair_result: 'no-source' });
    expect(await readFile(fixture.fileOf(key), 'utf8')).toBe('the wrong bytes');
  });

  it('waits for a source that cannot be asked', async () => {
    await fixture.publish(CONTENT, 'second');
    second.failWith(new Error('down'));
    await damage();
    await scrub();
    expect(await row()).toEqual({ damage: 'wrong-digest', repair_result: 'source-unavailable' });
    expect(await readFile(fixture.fileOf(key), 'utf8')).toBe('the wrong bytes');
    second.failWith(undefined);
    await fixture.scrub.run(NOW);
    expect(await row()).toMatchObject({ damage: 'wrong-digest' });
    await tryAgain();
    await expectRepaired();
  });

  it('is not touched before the right bytes are in hand', async () => {
    await fixture.publish(CONTENT, 'second');
    await second.delete(key.path);
    await second.put(key.path, Buffer.from('bytes just as bad').subarray(0, CONTENT.length));
    await damage();
    await scrub();
    expect(await row()).toEqual({ damage: 'wrong-digest', repair_result: 'no-source' });
    expect(await readFile(fixture.fileOf(key), 'utf8')).toBe('the wrong bytes');
  });

  it('stays damaged when its storage does not keep the right bytes', async () => {
    const forgetful = new ForgetfulStore();
    fixture.storages.put('forgetful', forgetful);
    await fixture.publish(CONTENT, 'forgetful');
    await fixture.publish('a healthy neighbour', 'forgetful');
    await forgetful.delete(key.path);
    forgetful.isTired = true;
    await fixture.cycles.begin('forgetful');
    await fixture.scrub.run(NOW);
    const damagedRows = () =>
      fixture.sql(`SELECT storage, repair_result FROM artifacts WHERE damaged_at IS NOT NULL`);
    expect(await damagedRows()).toEqual([{ storage: 'forgetful', repair_result: 'storage-unavailable' }]);
    forgetful.isTired = false;
    await forgetful.delete(key.path);
    await tryAgain();
    expect(await damagedRows()).toEqual([]);
  });

  it('in a bucket gets the right bytes from the disk', async () => {
    const server = await FakeS3.start();
    const store = new S3ObjectStore(server.settings, plainConnections());
    fixture.storages.put('bucket', store);
    await fixture.publish(CONTENT, 'bucket');
    await fixture.publish('a healthy neighbour', 'bucket');
    await store.delete(key.path);
    await store.put(key.path, Buffer.from('the WRONG bytes'));
    await fixture.cycles.begin('bucket');
    await fixture.scrub.run(NOW);
    expect(server.object(key.path)).toBeDefined();
    expect((await fixture.verify.run()).findings).toEqual([]);
    await store.close();
    await server.stop();
  });
});

describe('a repair that ends in the middle', () => {
  const points: FailpointName[] = [
    'scrub-second-look',
    'scrub-flag',
    'repair-marked',
    'repair-removed',
    'repair-put',
  ];

  async function crashAt(name: FailpointName): Promise<void> {
    const disarm = armFailpoint(name, () => {
      throw new Error(`crash at ${name}`);
    });
    await fixture.cycles.begin('local');
    await expect(fixture.scrub.run(NOW)).rejects.toThrow(`crash at ${name}`);
    disarm();
  }

  it.each(points)('at %s leaves nothing wrong, and the next one ends it', async (name) => {
    await fixture.publish(CONTENT, 'second');
    await damage();
    await crashAt(name);
    if (name.startsWith('repair-')) expect(await row()).toMatchObject({ damage: 'wrong-digest' });
    await fixture.age(11 * 60_000);
    await tryAgain();
    await expectRepaired();
  });

  it.each(points)('at %s leaves to the sweep what it had begun', async (name) => {
    await fixture.publish(CONTENT, 'second');
    await damage();
    await crashAt(name);
    await fixture.sweep.run({ graceMs: 0, takeOverMs: 0 });
    expect(await fixture.sql('SELECT * FROM artifact_deletions')).toEqual([]);
    await tryAgain();
    await expectRepaired();
  });

  it.each(points)('at %s is no hindrance for publishing the same bytes again', async (name) => {
    await fixture.publish(CONTENT, 'second');
    await damage();
    await crashAt(name);
    await fixture.sweep.run({ graceMs: 0, takeOverMs: 0 });
    await fixture.publish(CONTENT);
    await tryAgain();
    await expectRepaired();
  });
});

describe('a repair beside others', () => {
  /** Holds whoever passes `name` first until the returned function is called. */
  function hold(name: FailpointName): { reached: Promise<void>; release: () => void } {
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let isFirst = true;
    armFailpoint(name, () => {
      if (!isFirst) return undefined;
      isFirst = false;
      reached.resolve();
      return gate.promise;
    });
    return { reached: reached.promise, release: gate.resolve };
  }

  beforeEach(async () => {
    await fixture.publish(CONTENT, 'second');
    await damage();
  });

  it('makes a publish of the same bytes wait while it removes the damaged ones', async () => {
    const { reached, release } = hold('repair-marked');
    const scrubbing = scrub();
    await reached;
    let isPublished = false;
    const publishing = fixture.publish(CONTENT).then(() => (isPublished = true));
    // Only the publish asks the database now: whether the marker still stands.
    const asked = fixture.counter.count;
    await vi.waitFor(() => expect(fixture.counter.count).toBeGreaterThan(asked + 3), { timeout: 10_000 });
    expect(isPublished).toBe(false);
    release();
    await Promise.all([scrubbing, publishing]);
    await expectRepaired();
  });

  it('never removes what another repair has put meanwhile', async () => {
    const { reached, release } = hold('repair-marked');
    const scrubbing = scrub();
    await reached;
    // It is taken for dead: the sweep ends the removal, and a second repair puts the right bytes.
    await fixture.sweep.run({ takeOverMs: 0 });
    const holder = await fixture.stores.of('local');
    const outcome = await fixture.repair.attempt(await fixture.artifact(artifactId), holder);
    expect(outcome).toBe('repaired');
    const { ino } = await stat(fixture.fileOf(key));
    release();
    await scrubbing;
    expect((await stat(fixture.fileOf(key))).ino).toBe(ino);
    await expectRepaired();
  });

  it('is done by one of two that try it at the same time', async () => {
    await fixture.records.flag(await fixture.artifact(artifactId), { damage: 'wrong-digest' });
    const holder = await fixture.stores.of('local');
    const artifact = await fixture.artifact(artifactId);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => fixture.repair.attempt(artifact, holder)));
    expect(outcomes).toContain('repaired');
    for (const outcome of outcomes) expect(['repaired', 'busy', 'intact']).toContain(outcome);
    await tryAgain();
    await expectRepaired();
  });

  it('leaves an artifact alone that the sweep takes away', async () => {
    const { reached, release } = hold('scrub-flag');
    const scrubbing = scrub();
    await reached;
    await fixture.sql(
      `UPDATE module_versions SET state = 'deleted', artifact_id = NULL WHERE artifact_id = $1`,
      [artifactId],
    );
    await fixture.sweep.run({ graceMs: 0, takeOverMs: 0 });
    release();
    await scrubbing;
    expect(await fixture.sql(`SELECT 1 FROM artifacts WHERE damaged_at IS NOT NULL`)).toEqual([]);
    expect((await fixture.verify.run()).findings).toEqual([]);
  });
});
