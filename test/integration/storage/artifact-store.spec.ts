import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArtifactsRepository } from '../../../src/storage/persistence/artifacts.repository.js';
import { ArtifactDamaged, ArtifactVanished, FileNotFound } from '../../../src/storage/storage.errors.js';
import { StorageFixture } from './storage-fixture.js';

let fixture: StorageFixture;
beforeAll(async () => {
  fixture = await StorageFixture.start();
});
afterAll(() => fixture.stop());

const rowOf = async (id: string) => (await fixture.sql('SELECT * FROM artifacts WHERE id = $1', [id]))[0];

describe('staging an artifact', () => {
  it('leaves a staged row and the bytes', async () => {
    const staged = await fixture.stage('first');
    expect(await rowOf(staged.id)).toMatchObject({
      state: 'staged',
      size_bytes: '5',
      digest: staged.key.digest,
    });
    expect(await readFile(fixture.fileOf(staged.key), 'utf8')).toBe('first');
  });

  it('takes bytes from memory and checks them against the digest of the key', async () => {
    const staged = await fixture.store.stage(fixture.keyOf('in memory'), Buffer.from('in memory'));
    expect(staged.size).toBe(9);
    await expect(fixture.store.stage(fixture.keyOf('said'), Buffer.from('sent'))).rejects.toMatchObject({
      reason: 'digest',
    });
    expect(existsSync(fixture.fileOf(fixture.keyOf('said')))).toBe(false);
  });

  it('of the same bytes again gives the same row and touches it', async () => {
    const first = await fixture.stage('twice');
    await fixture.age(60_000);
    const second = await fixture.stage('twice');
    expect(second.id).toBe(first.id);
    const { staged_at } = (await rowOf(first.id)) as { staged_at: Date };
    expect(Date.now() - staged_at.getTime()).toBeLessThan(30_000);
  });

  it('leaves a committed row committed', async () => {
    const { artifactId } = await fixture.publish('committed once');
    await fixture.stage('committed once');
    expect(await rowOf(artifactId)).toMatchObject({ state: 'committed' });
  });

  it('takes a doomed mark away', async () => {
    const staged = await fixture.stage('doomed');
    await fixture.sql(`UPDATE artifacts SET state = 'doomed', doomed_at = now() WHERE id = $1`, [staged.id]);
    await fixture.stage('doomed');
    expect(await rowOf(staged.id)).toMatchObject({ state: 'staged', doomed_at: null });
  });

  it('does not happen inside a transaction', async () => {
    await expect(fixture.transactions.run(() => fixture.stage('inside'))).rejects.toThrow('transaction');
  });

  it('says so when the object of the key has another size', async () => {
    const staged = await fixture.stage('will be cut');
    await writeFile(fixture.fileOf(staged.key), 'cut');
    await expect(fixture.stage('will be cut')).rejects.toBeInstanceOf(ArtifactDamaged);
  });

  it('moves the spooled file into place without copying it', async () => {
    const spool = await fixture.tempFiles.create('upload');
    await writeFile(spool.file('part'), 'linked');
    const { ino } = await stat(spool.file('part'));
    const { key } = await fixture.store.stage(fixture.keyOf('linked'), { path: spool.file('part'), size: 6 });
    expect((await stat(fixture.fileOf(key))).ino).toBe(ino);
    await spool.remove();
    expect(await readFile(fixture.fileOf(key), 'utf8')).toBe('linked');
  });

  it('waits while the former bytes of the key are removed', async () => {
    const key = fixture.keyOf('being deleted');
    await fixture.sql(`INSERT INTO artifact_deletions (storage, key) VALUES ('local', $1)`, [key.path]);
    let isStaged = false;
    const staging = fixture.stage('being deleted').then(() => (isStaged = true));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isStaged).toBe(false);
    expect(existsSync(fixture.fileOf(key))).toBe(false);
    await fixture.sql('DELETE FROM artifact_deletions WHERE key = $1', [key.path]);
    await staging;
    expect(existsSync(fixture.fileOf(key))).toBe(true);
  });
});

describe('committing an artifact', () => {
  it('takes part in the transaction of the caller', async () => {
    const staged = await fixture.stage('rolled back');
    const failing = fixture.transactions.run(async () => {
      await fixture.store.commit(staged);
      throw new Error('publish failed');
    });
    await expect(failing).rejects.toThrow('publish failed');
    expect(await rowOf(staged.id)).toMatchObject({ state: 'staged', committed_at: null });
  });

  it('fails when the sweep took the row away', async () => {
    const staged = await fixture.stage('swept away');
    await fixture.sql('DELETE FROM artifacts WHERE id = $1', [staged.id]);
    await expect(fixture.transactions.run(() => fixture.store.commit(staged))).rejects.toBeInstanceOf(
      ArtifactVanished,
    );
  });

  it('keeps the first time of commitment', async () => {
    const { artifactId } = await fixture.publish('two versions');
    const first = (await rowOf(artifactId))!['committed_at'];
    await fixture.publish('two versions');
    expect((await rowOf(artifactId))!['committed_at']).toEqual(first);
  });
});

describe('staging in a stored configuration', () => {
  it('writes no row when it was removed meanwhile', async () => {
    const rows = new ArtifactsRepository(fixture.dataSource);
    const removed = randomUUID();
    expect(await rows.stage(removed, fixture.keyOf('too late'), 8)).toBeUndefined();
    expect(await fixture.sql('SELECT 1 FROM artifacts WHERE storage = $1', [removed])).toEqual([]);
  });
});

describe('opening an artifact', () => {
  it('reads all of it, or a part', async () => {
    const { key } = await fixture.publish('0123456789');
    expect((await buffer((await fixture.store.open(key)).stream)).toString()).toBe('0123456789');
    expect((await buffer((await fixture.store.open(key, { suffix: 3 })).stream)).toString()).toBe('789');
  });

  it('asks the database nothing when the bytes are there', async () => {
    const { key } = await fixture.publish('no statement');
    // What is damaged is asked for once a second at most.
    (await fixture.store.open(key)).stream.destroy();
    const before = fixture.counter.count;
    (await fixture.store.open(key)).stream.destroy();
    expect(fixture.counter.count).toBe(before);
  });

  it('tells an unknown file from one whose bytes are missing', async () => {
    const { key } = await fixture.publish('lost bytes');
    await rm(fixture.fileOf(key));
    await expect(fixture.store.open(key)).rejects.toBeInstanceOf(ArtifactDamaged);
    await expect(fixture.store.open(fixture.keyOf('never stored'))).rejects.toBeInstanceOf(FileNotFound);
    await expect(fixture.store.open(fixture.keyOf('never stored'))).rejects.not.toBeInstanceOf(
      ArtifactDamaged,
    );
  });
});
