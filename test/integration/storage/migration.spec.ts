import { existsSync } from 'node:fs';
import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { ArtifactKey } from '../../../src/storage/artifact-key.js';
import { ArtifactStore } from '../../../src/storage/artifact-store.service.js';
import { damage, filesBelow, MigrationFixture } from './migration-fixture.js';

let fixture: MigrationFixture;
beforeEach(async () => {
  fixture = await MigrationFixture.start();
});
afterEach(() => fixture.stop());

describe('a storage migration', () => {
  it('moves everything that is in use, and leaves the source to the sweep', async () => {
    const published = await fixture.publishSome();
    const { migration, failed } = await fixture.moveEverything();
    const [size] = await fixture.app.query<{ bytes: number }>(
      'SELECT sum(size_bytes)::float8 AS bytes FROM artifacts WHERE storage = $1',
      [fixture.target],
    );
    expect(migration).toMatchObject({
      state: 'completed',
      ...{ objectsTotal: 6, objectsCopied: 6, objectsVerified: 6 },
      ...{ bytesTotal: size!.bytes, bytesCopied: size!.bytes, bytesVerified: size!.bytes },
      ...{ leaseHolder: null, lastError: null },
    });
    expect(failed).toBe(0);
    expect(await fixture.rowsIn('local')).toEqual({ doomed: 6 });
    expect(await fixture.rowsIn(fixture.target)).toEqual({ committed: 6 });
    await fixture.expectEverythingMoved(published);
  });

  it('leaves what nothing refers to where it is', async () => {
    const [one, two] = [await fixture.publishModule(), await fixture.publishModule()];
    await one.remove();
    const { migration } = await fixture.moveEverything();
    expect(migration).toMatchObject({ state: 'completed', objectsCopied: 1 });
    expect(await fixture.rowsIn('local')).toEqual({ committed: 1, doomed: 1 });
    await fixture.expectEverythingMoved([two]);
  });

  it('has nothing to do in an empty storage', async () => {
    expect((await fixture.moveEverything()).migration).toMatchObject({ state: 'completed', objectsTotal: 0 });
  });

  it('keeps every reference to bytes that several versions share', async () => {
    const first = await fixture.publishModule('shared');
    const content = await readFile(await fixture.sourceFile(first.digest));
    const { app } = fixture;
    const again = { namespace: 'other', name: 'shared', system: 'aws', version: '1.0.0', archive: content };
    expect((await app.publishModule(again)).status).toBe(201);
    expect((await fixture.moveEverything()).migration).toMatchObject({ objectsCopied: 1 });
    const references = await app.query(
      'SELECT a.storage FROM module_versions v JOIN artifacts a ON a.id = v.artifact_id',
    );
    expect(references).toEqual([{ storage: fixture.target }, { storage: fixture.target }]);
    await fixture.expectEverythingMoved([first]);
  });

  it('moves back again what it moved', async () => {
    const published = await fixture.publishSome();
    await fixture.moveEverything();
    const back = await fixture
      .migrations()
      .start({ source: fixture.target, target: 'local', readsBack: true, createdBy: null });
    await fixture.runToEnd();
    expect((await fixture.progress(back.id)).migration).toMatchObject({
      state: 'completed',
      objectsCopied: 6,
    });
    await fixture.sweep();
    expect(await fixture.rowsIn(fixture.target)).toEqual({});
    expect(await filesBelow(join(fixture.targetDirectory, 'blobs'))).toEqual([]);
    await fixture.expectReadable(published);
  });

  it('uses what an attempt that was cut off has left in the target', async () => {
    const published = await fixture.publishModule();
    const source = await fixture.sourceFile(published.digest);
    const key = ArtifactKey.parse(source.slice(source.indexOf('blobs/')))!;
    const bytes = await readFile(source);
    await fixture.app.get(ArtifactStore).stage(key, bytes, { storage: fixture.target });
    expect((await fixture.moveEverything()).migration).toMatchObject({ objectsCopied: 1 });
    await fixture.expectEverythingMoved([published]);
  });
});

describe('a storage migration that meets a publisher', () => {
  it('finds what was committed to the source after it was moved, and moves it again', async () => {
    const published = await fixture.publishModule();
    const { app } = fixture;
    const source = await fixture.sourceFile(published.digest);
    const key = ArtifactKey.parse(source.slice(source.indexOf('blobs/')))!;
    const store = app.get(ArtifactStore);
    const staged = await store.stage(key, await readFile(source), { storage: 'local' });
    await fixture.moveEverything();
    expect(await fixture.rowsIn('local')).toEqual({ doomed: 1 });

    await app.get(Transactions).run(async () => {
      await store.commit(staged);
      await app.get(Transactions).query('UPDATE module_versions SET artifact_id = $1', [staged.id]);
    });
    expect(await fixture.rowsIn('local')).toEqual({ committed: 1 });
    await fixture.expectReadable([published]);
    await fixture.moveEverything();
    await fixture.expectEverythingMoved([published]);
  });

  it('gives up, and not the publisher, when they lock the same rows', async () => {
    const published = await fixture.publishModule();
    const { app } = fixture;
    const { id } = await fixture.begin();
    const publisher = new pg.Client({ connectionString: app.config.database.url });
    await publisher.connect();
    try {
      await publisher.query('BEGIN');
      await publisher.query('SELECT 1 FROM module_versions FOR UPDATE');
      const migrating = await runUntilBlocked();
      // The migration has locked the artifact and waits for the version: now the publisher wants the artifact.
      await publisher.query(`UPDATE artifacts SET staged_at = now() WHERE storage = 'local'`);
      expect(await migrating.result).toMatchObject({ afterMs: expect.any(Number) as number });
      await publisher.query('COMMIT');
    } finally {
      await publisher.end();
    }
    expect(await fixture.rowsIn('local')).toEqual({ committed: 1 });
    const { migration, failures } = await fixture.progress(id);
    expect(migration).toMatchObject({ state: 'running', objectsCopied: 0 });
    expect(failures).toEqual([]);
    await fixture.runToEnd();
    await fixture.expectEverythingMoved([published]);
  });
});

/** A run of the worker that waits for a lock now. It does not wait for long, and may be over before it is seen. */
async function runUntilBlocked(): Promise<{ result: ReturnType<MigrationFixture['runOnce']> }> {
  const blocked = `SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`;
  for (;;) {
    let isOver = false;
    const result = fixture.runOnce().finally(() => (isOver = true));
    while (!isOver) if ((await fixture.app.query(blocked)).length === 1) return { result };
    await fixture.letTimePass();
  }
}

describe('a storage migration that meets damage', () => {
  it('reports an object with wrong bytes, leaves it alone and moves the others', async () => {
    const [bad, good] = [await fixture.publishModule(), await fixture.publishModule()];
    const file = await fixture.sourceFile(bad.digest);
    await damage(file);
    const { migration, failed, failures } = await fixture.moveEverything();
    expect(migration).toMatchObject({
      state: 'failed',
      objectsCopied: 1,
      lastError: '1 objects could not be moved',
    });
    expect(failed).toBe(1);
    expect(failures).toMatchObject([
      { phase: 'copy', reason: 'source-damaged', attempts: 5, nextAttemptAt: null },
    ]);
    expect(await fixture.rowsIn('local')).toEqual({ committed: 1, doomed: 1 });
    await fixture.sweep();
    expect(existsSync(file)).toBe(true);
    await fixture.expectReadable([good]);
  });

  it('reports an object without bytes, and goes on when they are back and it is resumed', async () => {
    const published = await fixture.publishModule();
    const file = await fixture.sourceFile(published.digest);
    await rename(file, `${file}.away`);
    const { migration, failures } = await fixture.moveEverything();
    expect(migration.state).toBe('failed');
    expect(failures).toMatchObject([{ reason: 'source-missing' }]);
    await rename(`${file}.away`, file);
    await fixture.migrations().resume(migration.id);
    await fixture.runToEnd();
    expect(await fixture.progress(migration.id)).toMatchObject({
      migration: { state: 'completed', objectsCopied: 1, lastError: null },
      ...{ failed: 0, failures: [] },
    });
    await fixture.expectEverythingMoved([published]);
  });

  it('takes the bytes from another storage that has them', async () => {
    const published = await fixture.publishModule();
    const file = await fixture.sourceFile(published.digest);
    const key = ArtifactKey.parse(file.slice(file.indexOf('blobs/')))!;
    await fixture.app.get(ArtifactStore).stage(key, await readFile(file), { storage: fixture.target });
    await damage(file);
    expect((await fixture.moveEverything()).migration).toMatchObject({
      state: 'completed',
      objectsCopied: 1,
    });
    await fixture.expectEverythingMoved([published]);
  });

  it('keeps in mind what is wrong besides the bytes, and forgets what is not wrong any more', async () => {
    const [unproven, repaired] = [await fixture.publishModule(), await fixture.publishModule()];
    const judge = (verdict: string, digest: string, storage: string) =>
      fixture.app.query(
        'UPDATE artifacts SET damage = $1, damaged_at = now() WHERE digest = $2 AND storage = $3',
        [verdict, digest, storage],
      );
    const file = await fixture.sourceFile(repaired.digest);
    const key = ArtifactKey.parse(file.slice(file.indexOf('blobs/')))!;
    await fixture.app.get(ArtifactStore).stage(key, await readFile(file), { storage: fixture.target });
    await judge('failed-check', unproven.digest, 'local');
    await judge('wrong-digest', repaired.digest, fixture.target);
    expect((await fixture.moveEverything()).migration).toMatchObject({ state: 'completed' });
    const judged = `SELECT damage, verified_at IS NOT NULL AS verified FROM artifacts WHERE digest = $1 AND storage = $2`;
    expect(await fixture.app.query(judged, [unproven.digest, fixture.target])).toEqual([
      { damage: 'failed-check', verified: true },
    ]);
    expect(await fixture.app.query(judged, [repaired.digest, fixture.target])).toEqual([
      { damage: null, verified: true },
    ]);
  });

  it('never turns a version to an object of the target that is damaged', async () => {
    const published = await fixture.publishModule();
    const file = await fixture.sourceFile(published.digest);
    const key = ArtifactKey.parse(file.slice(file.indexOf('blobs/')))!;
    await fixture.app.get(ArtifactStore).stage(key, await readFile(file), { storage: fixture.target });
    await damage(join(fixture.targetDirectory, key.path));
    for (const readsBack of [true, false]) {
      const { migration, failures } = await fixture.moveEverything(readsBack);
      expect(migration).toMatchObject({ state: 'failed', objectsCopied: 0 });
      expect(failures).toMatchObject([{ reason: 'target-damaged' }]);
    }
    await fixture.expectReadable([published]);
  });

  it('reports an object of another size in the target', async () => {
    const published = await fixture.publishModule();
    const file = await fixture.sourceFile(published.digest);
    const key = ArtifactKey.parse(file.slice(file.indexOf('blobs/')))!;
    await fixture.app.get(ArtifactStore).stage(key, await readFile(file), { storage: fixture.target });
    const there = join(fixture.targetDirectory, key.path);
    await rm(there);
    await writeFile(there, 'something else');
    const { migration, failures } = await fixture.moveEverything();
    expect(migration.state).toBe('failed');
    expect(failures).toMatchObject([{ reason: 'target-differs' }]);
    await fixture.expectReadable([published]);
  });
});

describe('a storage migration whose target goes away', () => {
  it('waits, gives nothing up, and goes on when it is back', async () => {
    const published = await fixture.publishSome();
    const { id } = await fixture.begin();
    const away = `${fixture.targetDirectory}-away`;
    await rename(fixture.targetDirectory, away);
    for (let run = 0; run < 10; run += 1) {
      await fixture.letTimePass();
      expect(await fixture.runOnce()).toMatchObject({ afterMs: expect.any(Number) as number });
    }
    const { migration, failures } = await fixture.progress(id);
    expect(migration).toMatchObject({ state: 'running', objectsCopied: 0, waits: 10 });
    expect(migration.lastError).toContain('not available');
    expect(migration.waitUntil!.getTime()).toBeGreaterThan(Date.now() + 60_000);
    expect(await fixture.runOnce()).toBeUndefined();
    for (const failure of failures) {
      expect(failure).toMatchObject({ reason: 'unavailable', nextAttemptAt: expect.any(Date) as Date });
    }
    await fixture.expectReadable(published);

    await rename(away, fixture.targetDirectory);
    await fixture.runToEnd();
    expect(await fixture.progress(id)).toMatchObject({
      migration: { state: 'completed', objectsCopied: 6, waits: 0, lastError: null },
      failed: 0,
    });
    await fixture.expectEverythingMoved(published);
  });
});

describe('a verification of the target', () => {
  it('reads every object again', async () => {
    const published = await fixture.publishSome();
    const { migration } = await fixture.moveEverything(false);
    expect(migration.objectsVerified).toBe(0);
    const begun = await fixture.migrations().verify(migration.id);
    expect(begun).toMatchObject({ state: 'verifying', objectsVerified: 0 });
    await fixture.runToEnd();
    const after = (await fixture.progress(migration.id)).migration;
    expect(after).toMatchObject({
      state: 'completed',
      objectsVerified: 6,
      bytesVerified: migration.bytesCopied,
    });
    await fixture.expectEverythingMoved(published);
  });

  it('names what is damaged or missing, and finds it intact when it is repaired', async () => {
    const [one, two, three] = await fixture.publishSome();
    const { migration } = await fixture.moveEverything();
    const file = (digest: string) => fixture.fileOf(fixture.target, fixture.targetDirectory, digest);
    const [damaged, missing] = [await file(one!.digest), await file(two!.digest)];
    await copyFile(damaged, `${damaged}.good`);
    await rename(missing, `${missing}.good`);
    await damage(damaged);

    await fixture.migrations().verify(migration.id);
    await fixture.runToEnd();
    const found = await fixture.progress(migration.id);
    expect(found.migration).toMatchObject({ state: 'failed', objectsVerified: 4 });
    const reasons = found.failures.map(({ key, reason, phase }) => ({ key, reason, phase }));
    const keyOf = (path: string) => path.slice(path.indexOf('blobs/'));
    expect(reasons).toHaveLength(2);
    expect(reasons).toContainEqual({ key: keyOf(damaged), reason: 'target-damaged', phase: 'verify' });
    expect(reasons).toContainEqual({ key: keyOf(missing), reason: 'target-missing', phase: 'verify' });
    await fixture.expectReadable([three!]);

    await rename(`${damaged}.good`, damaged);
    await rename(`${missing}.good`, missing);
    await fixture.migrations().verify(migration.id);
    await fixture.runToEnd();
    expect((await fixture.progress(migration.id)).migration).toMatchObject({
      state: 'completed',
      objectsVerified: 6,
    });
  });

  it('waits for a target that is away', async () => {
    await fixture.publishSome();
    const { migration } = await fixture.moveEverything();
    await fixture.migrations().verify(migration.id);
    await rename(fixture.targetDirectory, `${fixture.targetDirectory}-away`);
    expect(await fixture.runOnce()).toEqual({ afterMs: 5_000 });
    await rename(`${fixture.targetDirectory}-away`, fixture.targetDirectory);
    await fixture.runToEnd();
    expect((await fixture.progress(migration.id)).migration).toMatchObject({
      ...{ state: 'completed', objectsVerified: 6 },
    });
  });
});
