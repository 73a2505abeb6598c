import { readFile } from 'node:fs/promises';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FAILPOINT_NAMES } from '../../../src/platform/failpoints/failpoint-names.js';
import { armFailpoint, disarmFailpoints } from '../../../src/platform/failpoints/failpoint.js';
import { ArtifactVanished } from '../../../src/storage/storage.errors.js';
import { StorageFixture } from './storage-fixture.js';

const ROUNDS = 200;
const CONTENTS = ['alpha', 'beta', 'gamma'];

let fixture: StorageFixture;
beforeAll(async () => {
  fixture = await StorageFixture.start();
});
afterEach(disarmFailpoints);
afterAll(() => fixture.stop());

/** Holds everybody at every crash point for a random moment, so that each round is another interleaving. */
function shuffle(): void {
  for (const name of FAILPOINT_NAMES) {
    armFailpoint(name, async () => {
      const dice = Math.random();
      if (dice < 0.4) await pause(dice * 10);
      else if (dice < 0.8) await setImmediate();
    });
  }
}

async function publishUntilDone(content: string): Promise<{ versionId: string; path: string }> {
  for (;;) {
    try {
      const { key, versionId } = await fixture.publish(content);
      return { versionId, path: fixture.fileOf(key) };
    } catch (error) {
      if (!(error instanceof ArtifactVanished)) throw error;
    }
  }
}

async function publishAndBury(content: string): Promise<void> {
  const { versionId } = await publishUntilDone(content);
  await fixture.bury(versionId);
}

describe('publishing the same bytes during sweeps without any grace', () => {
  it(`loses nothing in ${ROUNDS} interleavings`, { timeout: 180_000 }, async () => {
    shuffle();
    let removed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const content = CONTENTS[round % CONTENTS.length]!;
      const [kept, , , ...sweeps] = await Promise.all([
        publishUntilDone(content),
        publishAndBury(content),
        publishAndBury(CONTENTS[(round + 1) % CONTENTS.length]!),
        fixture.sweep.run({ graceMs: 0 }),
        fixture.sweep.run({ graceMs: 0 }),
      ]);
      removed += sweeps.reduce((sum, sweep) => sum + sweep.removed, 0);
      expect(await readFile(kept.path, 'utf8'), `round ${round}`).toBe(content);
      const dangling = await fixture.sql(
        `SELECT v.id, a.state FROM module_versions v LEFT JOIN artifacts a ON a.id = v.artifact_id
         WHERE v.state = 'active' AND a.state IS DISTINCT FROM 'committed'`,
      );
      expect(dangling, `round ${round}`).toEqual([]);
      await fixture.bury(kept.versionId);
    }
    expect(removed).toBeGreaterThan(ROUNDS / 4);
    disarmFailpoints();
    await fixture.sweep.run({ graceMs: 0, takeOverMs: 0 });
    expect(await fixture.paths()).toEqual([]);
    expect((await fixture.verify.run({ graceMs: 0 })).findings).toEqual([]);
  });
});
