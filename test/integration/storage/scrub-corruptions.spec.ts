import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import type { ArtifactKey } from '../../../src/storage/artifact-key.js';
import { ArtifactVanished } from '../../../src/storage/storage.errors.js';
import { StorageFixture } from './storage-fixture.js';

const BLOBS = 2_000;
const PLANTED = 100;

/** Each changes the bytes of a blob that is not yet damaged. */
const CORRUPTIONS: readonly ((key: ArtifactKey, other: ArtifactKey) => Promise<void>)[] = [
  (key) => rm(fixture.fileOf(key)),
  (key) => truncate(fixture.fileOf(key), 0),
  (key) => truncate(fixture.fileOf(key), 10),
  (key) => writeFile(fixture.fileOf(key), 'x', { flag: 'a' }),
  async (key) => {
    const bytes = await readFile(fixture.fileOf(key));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(fixture.fileOf(key), bytes);
  },
  async (key) => writeFile(fixture.fileOf(key), Buffer.alloc((await readFile(fixture.fileOf(key))).length)),
  async (key, other) => writeFile(fixture.fileOf(key), await readFile(fixture.fileOf(other))),
];

let fixture: StorageFixture;
const contents = Array.from({ length: BLOBS }, (_, n) =>
  `the bytes of blob ${String(n).padStart(6, '0')} `.repeat(1 + (n % 40)),
);
const planted = new Set<string>();

beforeAll(async () => {
  fixture = await StorageFixture.start();
  await storeAll();
  for (let n = 0; n < PLANTED; n += 1) {
    const at = (n * (BLOBS / PLANTED)) % BLOBS;
    const key = fixture.keyOf(contents[at]!);
    // The next blob of the same size is healthy.
    await CORRUPTIONS[n % CORRUPTIONS.length]!(key, fixture.keyOf(contents[(at + 40) % BLOBS]!));
    planted.add(key.path);
  }
});
afterAll(() => fixture.stop());

/** What publishing would leave behind, without its time. */
async function storeAll(): Promise<void> {
  const rows = contents.map((content, n) => ({ key: fixture.keyOf(content), size: content.length, n }));
  for (const { key, n } of rows) {
    await mkdir(dirname(fixture.fileOf(key)), { recursive: true });
    await writeFile(fixture.fileOf(key), contents[n]!);
  }
  await fixture.sql(
    `WITH a AS (
       INSERT INTO artifacts (storage, key, digest, size_bytes, state, committed_at)
       SELECT 'local', e.key, e.digest, e.size, 'committed', now() - make_interval(secs => e.n)
       FROM jsonb_to_recordset($1::jsonb) AS e (key text, digest text, size bigint, n int)
       RETURNING id, key, digest, size_bytes
     )
     INSERT INTO module_versions (module_id, version, sort_key, state, artifact_id, digest, size_bytes, filename)
     SELECT m.id, '9.0.' || n, '9.0.' || n, 'active', a.id, a.digest, a.size_bytes, substring(a.key FROM '[^/]*$')
     FROM (SELECT *, row_number() OVER () AS n FROM a) AS a, registry_modules m`,
    [JSON.stringify(rows.map(({ key, size, n }) => ({ key: key.path, digest: key.digest, size, n })))],
  );
}

async function flagged(): Promise<string[]> {
  const rows = await fixture.sql<{ key: string }>(`SELECT key FROM artifacts WHERE damaged_at IS NOT NULL`);
  return rows.map(({ key }) => key).sort();
}

/** Publishes, buries and sweeps without any grace until it is told to end. */
async function workBeside(signal: AbortSignal): Promise<{ published: string[]; removed: number }> {
  const published: string[] = [];
  let removed = 0;
  for (let n = 0; !signal.aborted; n += 1) {
    const kept = await publish(`kept beside ${n}`);
    const { versionId } = await publish(`buried beside ${n}`);
    await fixture.bury(versionId);
    removed += (await fixture.sweep.run({ graceMs: 0 })).removed;
    published.push(kept.path);
    await setImmediate();
  }
  return { published, removed };
}

async function publish(content: string): Promise<{ versionId: string; path: string }> {
  for (;;) {
    try {
      const { key, versionId } = await fixture.publish(content);
      return { versionId, path: key.path };
    } catch (error) {
      if (!(error instanceof ArtifactVanished)) throw error;
    }
  }
}

describe(`of ${BLOBS} blobs with ${PLANTED} planted corruptions`, () => {
  it('a scrub finds exactly these, while others publish and sweep', { timeout: 180_000 }, async () => {
    await fixture.cycles.begin('local');
    const end = new AbortController();
    const beside = workBeside(end.signal);
    await fixture.scrub.run({ secondLookMs: 20 });
    end.abort();
    const { published, removed } = await beside;
    expect(planted.size).toBe(PLANTED);
    expect(await flagged()).toEqual([...planted].sort());
    const cycle = await fixture.cycles.find('local');
    expect(cycle).toMatchObject({
      damaged: PLANTED,
      repaired: 0,
      problem: null,
      cycleEndedAt: expect.any(Date),
    });
    expect(cycle!.objects).toBeGreaterThanOrEqual(BLOBS);
    expect(published.length).toBeGreaterThan(0);
    expect(removed).toBeGreaterThan(0);
    const [unread] = await fixture.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM artifacts
       WHERE verified_at IS NULL AND committed_at < (SELECT cycle_started_at FROM storage_scrubs)`,
    );
    expect(unread).toEqual({ n: 0 });
  });

  it(
    'all are repaired from a second storage, and nothing is found any more',
    { timeout: 180_000 },
    async () => {
      const second = new MemoryObjectStore();
      for (const content of contents) await second.put(fixture.keyOf(content).path, Buffer.from(content));
      fixture.storages.put('second', second);
      await fixture.sql(`UPDATE artifacts SET repair_tried_at = NULL`);
      const end = new AbortController();
      const beside = workBeside(end.signal);
      await fixture.scrub.run({ secondLookMs: 0 });
      end.abort();
      await beside;
      expect(await flagged()).toEqual([]);
      expect(await fixture.cycles.find('local')).toMatchObject({ repaired: PLANTED });
      await fixture.sweep.run({ graceMs: 0 });
      const report = await fixture.verify.run({ storage: 'local', graceMs: 0 });
      expect(report.findings).toEqual([]);
      expect(report.artifacts).toBeGreaterThanOrEqual(BLOBS);
    },
  );
});
