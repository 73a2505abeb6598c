import { rename, rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ArtifactLocations } from '../../../src/storage/artifact-locations.service.js';
import { StorageConfigurationStore } from '../../../src/storage/storage-configuration-store.service.js';
import type { TestApp } from '../../support/test-app.js';
import { MigrationFixture, type PublishedObject } from './migration-fixture.js';

let fixture: MigrationFixture;
let replica: TestApp;
let published: PublishedObject[];

beforeEach(async () => {
  fixture = await MigrationFixture.start();
  await fixture.activateTarget();
  replica = await fixture.replica();
  published = await fixture.publishSome();
  await fixture.expectReadable(published, replica);
});
afterEach(() => fixture.stop());

/** Everything goes from the stored configuration to the directory of the server. */
async function moveToLocal(): Promise<void> {
  const wanted = { source: fixture.target, target: 'local', readsBack: true, createdBy: null };
  const { id } = await fixture.migrations().start(wanted);
  await fixture.runToEnd();
  expect((await fixture.progress(id)).migration.state).toBe('completed');
}

describe('a process that knows objects from before a migration', () => {
  it('finds them when the emptied storage was taken away', async () => {
    await moveToLocal();
    await fixture.sweep();
    const configurations = fixture.app.get(StorageConfigurationStore);
    await configurations.deactivate();
    await configurations.remove(fixture.target);
    await expect.poll(() => replica.get(StorageConfigurationStore).list(), { timeout: 15_000 }).toEqual([]);
    await fixture.expectReadable(published, replica);
  });

  it('finds them when the emptied storage cannot be reached any more', async () => {
    await moveToLocal();
    expect(await fixture.rowsIn(fixture.target)).not.toHaveProperty('committed');
    await rename(fixture.targetDirectory, `${fixture.targetDirectory}-away`);
    try {
      await fixture.expectReadable(published, replica);
    } finally {
      await rm(fixture.targetDirectory, { recursive: true, force: true });
      await rename(`${fixture.targetDirectory}-away`, fixture.targetDirectory);
    }
  });

  it('looks for them again before it gives out a link that names their storage', async () => {
    const locations = replica.get(ArtifactLocations);
    const [{ key }] = (await replica.query<{ key: string }>('SELECT key FROM artifacts LIMIT 1')) as [
      { key: string },
    ];
    expect(await locations.find(key)).toBe(fixture.target);
    await moveToLocal();
    expect(await locations.find(key)).toBe(fixture.target);
    const inAMinute = performance.now() + 60_000;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(inAMinute);
    try {
      expect(await locations.find(key)).toBe('local');
    } finally {
      clock.mockRestore();
    }
  });
});
