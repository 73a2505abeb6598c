import { existsSync } from 'node:fs';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { armFailpoint, disarmFailpoints } from '../../../src/platform/failpoints/failpoint.js';
import type { FailpointName } from '../../../src/platform/failpoints/failpoint-names.js';
import { StorageFixture } from './storage-fixture.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** As after a restart with nothing else running: everything unreferenced goes at once. */
const EVERYTHING = { graceMs: 0, takeOverMs: 0 };

let fixture: StorageFixture;
beforeEach(async () => {
  fixture = await StorageFixture.start();
});
afterEach(async () => {
  disarmFailpoints();
  await fixture.stop();
});

/** Stops the next operation at a crash point, as if the process had ended there. */
async function crashAt(name: FailpointName, work: () => Promise<unknown>): Promise<void> {
  let wasThere = false;
  const disarm = armFailpoint(name, () => {
    wasThere = true;
    throw new Error(`crash at ${name}`);
  });
  await expect(work(), name).rejects.toBeInstanceOf(Error);
  disarm();
  expect(wasThere).toBe(true);
}

async function plantObject(content: string, ageMs: number): Promise<string> {
  const path = fixture.fileOf(fixture.keyOf(content));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  const then = new Date(Date.now() - ageMs);
  await utimes(path, then, then);
  return path;
}

describe('the orphan sweep', () => {
  it('leaves alone what is referenced, however old', async () => {
    const { key } = await fixture.publish('in use');
    await fixture.age(400 * DAY);
    for (let pass = 0; pass < 3; pass++) {
      expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ doomed: 0, adopted: 0, removed: 0 });
    }
    expect(await fixture.states()).toEqual(['committed']);
    expect(await readFile(fixture.fileOf(key), 'utf8')).toBe('in use');
  });

  it('removes a staged artifact one grace after it was doomed, and not earlier', async () => {
    const { key } = await fixture.stage('never published');
    expect(await fixture.sweep.run()).toMatchObject({ doomed: 0 });
    await fixture.age(DAY + HOUR);
    expect(await fixture.sweep.run()).toMatchObject({ doomed: 1, removed: 0 });
    await fixture.age(DAY - HOUR);
    expect(await fixture.sweep.run()).toMatchObject({ removed: 0 });
    expect(existsSync(fixture.fileOf(key))).toBe(true);
    await fixture.age(2 * HOUR);
    expect(await fixture.sweep.run()).toMatchObject({ removed: 1 });
    expect(existsSync(fixture.fileOf(key))).toBe(false);
    expect(await fixture.states()).toEqual([]);
  });

  it('removes what a deleted version let go', async () => {
    const { versionId } = await fixture.publish('deleted later');
    await fixture.bury(versionId);
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ doomed: 1, removed: 1 });
    expect(await fixture.paths()).toEqual([]);
  });

  it('keeps bytes that another version still uses', async () => {
    const { versionId } = await fixture.publish('shared');
    await fixture.publish('shared');
    await fixture.bury(versionId);
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ doomed: 0 });
    expect(await fixture.paths()).toHaveLength(1);
  });

  it('knows references from the foreign keys of the schema alone', async () => {
    await fixture.sql(
      `CREATE TABLE later_feature (id int PRIMARY KEY, "Blob" uuid REFERENCES artifacts (id))`,
    );
    const staged = await fixture.stage('used by a later feature');
    await fixture.sql(`INSERT INTO later_feature VALUES (1, $1)`, [staged.id]);
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ doomed: 0 });
    await fixture.sql('DELETE FROM later_feature');
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ doomed: 1, removed: 1 });
  });

  it('removes nothing when no table refers to artifacts', async () => {
    await fixture.stage('unreferenced');
    await fixture.sql(`DO $$ DECLARE c record; BEGIN
      FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'artifacts'::regclass
      LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP; END $$`);
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ doomed: 0, removed: 0 });
  });

  it('removes an object without a row only when it is older than the grace', async () => {
    const young = await plantObject('young', HOUR);
    const old = await plantObject('old', 25 * HOUR);
    expect(await fixture.sweep.run()).toMatchObject({ adopted: 1, removed: 0 });
    await fixture.age(DAY + HOUR);
    expect(await fixture.sweep.run()).toMatchObject({ adopted: 0, removed: 1 });
    expect([existsSync(young), existsSync(old)]).toEqual([true, false]);
  });

  it('never touches objects that the registry did not write', async () => {
    const foreign = join(fixture.config.localBasePath, 'blobs', 'notes.txt');
    await plantObject('a blob', 0);
    await writeFile(foreign, 'mine');
    await fixture.sweep.run(EVERYTHING);
    expect(existsSync(foreign)).toBe(true);
  });

  it('handles more rows than one step', async () => {
    await fixture.sql(
      `INSERT INTO artifacts (storage, key, digest, size_bytes, state, staged_at)
       SELECT 'local', 'blobs/sha256/00/00/' || lpad(to_hex(n), 64, '0') || '/x.zip', lpad(to_hex(n), 64, '0'), 1, 'staged',
              now() - interval '3 days' FROM generate_series(1, 1050) n`,
    );
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ doomed: 1050, removed: 1050 });
  });

  it('leaves the artifacts of another storage alone', async () => {
    await fixture.stage('moved');
    await fixture.sql(`UPDATE artifacts SET storage = 'elsewhere'`);
    expect(await fixture.sweep.run({ ...EVERYTHING, graceMs: DAY })).toMatchObject({ doomed: 0, removed: 0 });
    expect(await fixture.states()).toEqual(['staged']);
  });

  it('stops at the next object when it is told to', async () => {
    for (const content of ['one', 'two', 'three']) await fixture.stage(content);
    const abort = new AbortController();
    armFailpoint('sweep-delete', () => abort.abort());
    await fixture.sweep.run({ ...EVERYTHING, signal: abort.signal });
    disarmFailpoints();
    expect(await fixture.paths()).toHaveLength(3);
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ finished: 3 });
    expect(await fixture.paths()).toEqual([]);
  });
});

describe('after a crash', () => {
  const crashPoints: FailpointName[] = [
    'before-stage-row',
    'after-stage-row',
    'before-blob-fsync',
    'after-blob-fsync',
    'before-blob-link',
    'after-blob-link',
    'after-blob-put',
  ];

  it.each(crashPoints)(
    'at %s one sweep leaves nothing, and the upload succeeds when repeated',
    async (name) => {
      await crashAt(name, () => fixture.stage('interrupted'));
      await fixture.sweep.run(EVERYTHING);
      expect(await fixture.states()).toEqual([]);
      expect(await fixture.paths()).toEqual([]);
      const { key } = await fixture.publish('interrupted');
      expect(await readFile(fixture.fileOf(key), 'utf8')).toBe('interrupted');
    },
  );

  it.each(crashPoints)('at %s the repeated upload needs no sweep', async (name) => {
    await crashAt(name, () => fixture.stage('interrupted'));
    await fixture.publish('interrupted');
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ doomed: 0, removed: 0 });
    expect((await fixture.verify.run({ graceMs: 0 })).findings).toEqual([]);
  });

  it('of a sweep between mark and removal the mark stays, and the next sweep goes on', async () => {
    await fixture.stage('doomed');
    await crashAt('sweep-mark', () => fixture.sweep.run(EVERYTHING));
    expect(await fixture.states()).toEqual(['doomed']);
    expect(await fixture.sweep.run(EVERYTHING)).toMatchObject({ removed: 1 });
  });

  it('of a sweep between row and object the marker stays, and is finished when it is old', async () => {
    const { key } = await fixture.stage('half removed');
    await crashAt('sweep-delete', () => fixture.sweep.run(EVERYTHING));
    expect(await fixture.states()).toEqual([]);
    expect(existsSync(fixture.fileOf(key))).toBe(true);
    expect(await fixture.sweep.run()).toMatchObject({ finished: 0 });
    await fixture.age(11 * 60_000);
    expect(await fixture.sweep.run()).toMatchObject({ finished: 1 });
    expect(existsSync(fixture.fileOf(key))).toBe(false);
    expect(await fixture.sql('SELECT * FROM artifact_deletions')).toEqual([]);
  });
});

describe('bytes that are published during a sweep', () => {
  it('survive when they are staged again after they were doomed', async () => {
    await fixture.stage('comes back');
    await fixture.age(3 * DAY);
    await fixture.sweep.run();
    expect(await fixture.states()).toEqual(['doomed']);
    const staged = await fixture.stage('comes back');
    await fixture.sweep.run();
    await fixture.reference(staged);
    await fixture.age(3 * DAY);
    await fixture.sweep.run();
    expect(await readFile(fixture.fileOf(staged.key), 'utf8')).toBe('comes back');
    expect(await fixture.states()).toEqual(['committed']);
  });

  it('survive when they are staged while the former ones are being removed', async () => {
    await fixture.stage('removed and put');
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    armFailpoint('sweep-delete', () => {
      reached.resolve();
      return gate.promise;
    });
    const sweeping = fixture.sweep.run(EVERYTHING);
    await reached.promise;
    const publishing = fixture.publish('removed and put');
    await new Promise((resolve) => setTimeout(resolve, 100));
    gate.resolve();
    const [{ key }] = await Promise.all([publishing, sweeping]);
    expect(await readFile(fixture.fileOf(key), 'utf8')).toBe('removed and put');
    expect(await fixture.states()).toEqual(['committed']);
  });

  it('are not doomed by a sweep that began before their reference was committed', async () => {
    const staged = await fixture.stage('referenced meanwhile');
    const sweeps: Promise<unknown>[] = [];
    await fixture.transactions.run(async () => {
      await fixture.reference(staged);
      sweeps.push(new Promise<void>((resolve) => setImmediate(resolve)).then(() => undefined));
    });
    await Promise.all([fixture.sweep.run(EVERYTHING), ...sweeps]);
    expect(await fixture.states()).toEqual(['committed']);
  });
});
