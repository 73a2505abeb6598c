import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { armFailpoint, disarmFailpoints } from '../../../src/platform/failpoints/failpoint.js';
import { MigrationFixture } from './migration-fixture.js';

const SOON = { timeout: 15_000, interval: 20 };

let fixture: MigrationFixture;
beforeEach(async () => {
  fixture = await MigrationFixture.start();
});
afterEach(async () => {
  disarmFailpoints();
  await fixture.stop();
});

/** Holds the worker that puts the first objects into the target, until it is let go. */
function holdFirstPuts(): { held: () => number; letGo: () => void } {
  const gate = Promise.withResolvers<void>();
  let held = 0;
  let isOpen = false;
  armFailpoint('after-blob-put', async () => {
    if (isOpen) return;
    held += 1;
    await gate.promise;
  });
  const letGo = (): void => {
    isOpen = true;
    gate.resolve();
  };
  return { held: () => held, letGo };
}

async function stateChanges(): Promise<string[]> {
  const rows = await fixture.app.query<{ state: string }>(
    `SELECT metadata -> 'after' ->> 'state' AS state FROM audit_entries
     WHERE resource_type = 'storage' AND metadata -> 'after' ? 'state' ORDER BY chain_seq`,
  );
  return rows.map(({ state }) => state);
}

describe('of several processes', () => {
  it('one works on a migration at a time', async () => {
    const published = await fixture.publishSome();
    const other = await fixture.replica();
    const { id } = await fixture.begin();
    const first = holdFirstPuts();
    const working = fixture.runOnce();
    await expect.poll(first.held, SOON).toBe(4);
    expect(await fixture.runOnce(other)).toBeUndefined();
    expect((await fixture.progress(id)).migration.leaseToken).toBe(1);
    first.letGo();
    expect(await working).toBe('ended');
    expect(await fixture.runOnce(other)).toBeUndefined();
    await fixture.expectEverythingMoved(published);
  });

  it('one takes over from another that stands still, which does no harm when it goes on', async () => {
    const published = await fixture.publishSome();
    const other = await fixture.replica();
    const { id } = await fixture.begin();
    const stopped = holdFirstPuts();
    const working = fixture.runOnce();
    await expect.poll(stopped.held, SOON).toBe(4);
    await fixture.app.query(`UPDATE storage_migrations SET lease_until = now() - interval '1 s'`);
    disarmFailpoints();
    expect(await fixture.runOnce(other)).toBe('ended');
    stopped.letGo();
    expect(await working).toBeUndefined();
    expect((await fixture.progress(id)).migration).toMatchObject({
      ...{ state: 'completed', leaseToken: 2 },
      ...{ objectsTotal: 6, objectsCopied: 6, objectsVerified: 6 },
    });
    expect(await stateChanges()).toEqual(['planned', 'running', 'completed']);
    await fixture.expectEverythingMoved(published);
  });

  it('one that lost its lease moves nothing more', async () => {
    const published = await fixture.publishSome();
    const { id } = await fixture.begin();
    const stopped = holdFirstPuts();
    const working = fixture.runOnce();
    await expect.poll(stopped.held, SOON).toBe(4);
    await fixture.app.query('UPDATE storage_migrations SET lease_token = lease_token + 1');
    stopped.letGo();
    expect(await working).toBeUndefined();
    expect(await fixture.rowsIn('local')).toEqual({ committed: 6 });
    expect((await fixture.progress(id)).migration.objectsCopied).toBe(0);
    await fixture.expectReadable(published);
    await fixture.app.query('UPDATE storage_migrations SET lease_until = NULL');
    await fixture.runToEnd();
    await fixture.expectEverythingMoved(published);
  });

  it('each leaves its lease to the others when it is asked to stop', async () => {
    const published = await fixture.publishSome();
    const other = await fixture.replica();
    await fixture.begin();
    const stop = new AbortController();
    const first = holdFirstPuts();
    const working = fixture.runOnce(fixture.app, stop.signal);
    await expect.poll(first.held, SOON).toBe(4);
    stop.abort(new Error('The server stops'));
    first.letGo();
    expect(await working).toEqual({ afterMs: 0 });
    expect(await fixture.rowsIn('local')).toEqual({ committed: 6 });
    expect(await fixture.runOnce(other)).toBe('ended');
    await fixture.expectEverythingMoved(published);
  });
});

describe('a migration that is steered while objects are under way', () => {
  it('moves nothing more from the answer to a pause on, and goes on when it is resumed', async () => {
    const published = await fixture.publishSome();
    const { id } = await fixture.begin();
    const first = holdFirstPuts();
    const working = fixture.runOnce();
    await expect.poll(first.held, SOON).toBe(4);
    expect(await fixture.migrations().pause(id)).toMatchObject({ state: 'paused', leaseHolder: null });
    first.letGo();
    expect(await working).toBeUndefined();
    expect(await fixture.runOnce()).toBeUndefined();
    expect(await fixture.rowsIn('local')).toEqual({ committed: 6 });
    await fixture.expectReadable(published);
    expect((await fixture.migrations().resume(id)).state).toBe('running');
    await fixture.runToEnd();
    expect(await stateChanges()).toEqual(['planned', 'running', 'paused', 'running', 'completed']);
    await fixture.expectEverythingMoved(published);
  });

  it('leaves everything where it is after it was cancelled', async () => {
    const published = await fixture.publishSome();
    const { id } = await fixture.begin();
    const first = holdFirstPuts();
    const working = fixture.runOnce();
    await expect.poll(first.held, SOON).toBe(4);
    await fixture.migrations().cancel(id);
    first.letGo();
    expect(await working).toBeUndefined();
    expect(await fixture.rowsIn('local')).toEqual({ committed: 6 });
    expect(await fixture.rowsIn(fixture.target)).toEqual({ staged: 4 });
    await fixture.expectReadable(published);
    await fixture.sweep();
    expect(await fixture.rowsIn(fixture.target)).toEqual({});
    await fixture.expectReadable(published);
    await fixture.moveEverything();
    await fixture.expectEverythingMoved(published);
  });
});
