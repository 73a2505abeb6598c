import { setImmediate as soon } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src/kernel/sha256.js';
import { uniqueName } from '../../support/factories/names.js';
import { largeArchive } from '../../support/large-archive.js';
import { MigrationFixture, type PublishedObject } from './migration-fixture.js';

let fixture: MigrationFixture;
beforeAll(async () => {
  // Slow enough for many reads, publishes and deletions while objects move.
  fixture = await MigrationFixture.start({ TFR_STORAGE_MIGRATION_MAX_BYTES_PER_SECOND: '600kB' });
});
afterAll(() => fixture?.stop());

describe('a migration beside publishers, deletions and readers', () => {
  it('keeps every version readable at every moment', async () => {
    const reader = await fixture.replica();
    const live = new Set<PublishedObject>();
    for (let count = 0; count < 15; count += 1) live.add(await fixture.publishModule());
    for (let count = 0; count < 3; count += 1) live.add(await fixture.publishProvider());
    await fixture.activateTarget();
    const { id } = await fixture.begin();
    let isOver = false;
    let reads = 0;

    const read = async (): Promise<void> => {
      while (!isOver) {
        for (const one of [...live]) {
          for (const url of [one.link, await one.askAgain()]) {
            const answer = await reader.fetchLink(url).catch(() => undefined);
            if (!live.has(one)) break;
            expect({ status: answer?.status, digest: answer && sha256Hex(answer.body) }).toEqual({
              ...{ status: 200, digest: one.digest },
            });
            reads += 1;
          }
          await soon();
        }
      }
    };
    const publish = async (): Promise<void> => {
      while (!isOver) {
        const published = await fixture.publishModule();
        live.add(published);
        const [oldest] = live;
        live.delete(oldest!);
        await oldest!.remove();
        await publishTwice();
      }
    };
    /** The same key for two namespaces: the second one is staged while the first is moved. */
    const publishTwice = async (): Promise<void> => {
      const shared = { name: uniqueName('twin'), system: 'aws', version: '1.0.0' };
      const archive = largeArchive();
      for (const namespace of ['acme', 'other']) {
        const answer = await fixture.app.publishModule({ ...shared, namespace, archive });
        expect(answer.status).toBe(201);
      }
    };
    const migrate = async (): Promise<void> => {
      await fixture.runToEnd();
      isOver = true;
    };
    try {
      await Promise.all([read(), read(), publish(), migrate()]);
    } finally {
      isOver = true;
    }
    expect(reads).toBeGreaterThan(50);
    expect((await fixture.progress(id)).migration).toMatchObject({ state: 'completed' });
    await fixture.expectEverythingMoved([...live]);
  });
});
