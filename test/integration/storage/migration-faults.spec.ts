import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeS3 } from '../../support/fakes/s3/fake-s3.js';
import { MigrationFixture, type PublishedObject } from './migration-fixture.js';

let s3: FakeS3;
let fixture: MigrationFixture;
let published: PublishedObject[];

beforeEach(async () => {
  s3 = await FakeS3.start();
  const settings = {
    TFR_SECURITY_EGRESS_ALLOWLIST: '127.0.0.1,localhost',
    TFR_STORAGE_RETRY_MAX_ATTEMPTS: '2',
    TFR_STORAGE_RETRY_BASE_DELAY: '1ms',
    TFR_STORAGE_BREAKER_OPEN_FOR: '100ms',
  };
  fixture = await MigrationFixture.start(settings, s3.settings);
  published = await fixture.publishSome();
});
afterEach(async () => {
  s3.faults.clear();
  s3.refusal = undefined;
  await fixture.stop();
  await s3.stop();
});

describe('a migration to a storage that fails now and then', () => {
  it('moves everything, and nothing but the right bytes', async () => {
    const { id } = await fixture.begin();
    s3.faults.add({ kind: 'corrupt', probability: 0.3 });
    s3.faults.add({ kind: 'reset', probability: 0.2, operations: ['PutObject'], afterwards: true });
    s3.faults.add({ kind: 'status', probability: 0.3, operations: ['PutObject', 'GetObject', 'HeadObject'] });
    await fixture.runToEnd();
    s3.faults.clear();
    if ((await fixture.progress(id)).migration.state === 'failed') {
      await fixture.migrations().resume(id);
      await fixture.runToEnd();
    }
    expect(s3.faults.struck).toBeGreaterThan(0);
    expect((await fixture.progress(id)).migration).toMatchObject({
      state: 'completed',
      objectsCopied: 6,
    });
    await fixture.expectEverythingMoved(published);
  });

  it('waits for a permission that is missing, and gives nothing up', async () => {
    const { id } = await fixture.begin();
    s3.refusal = 'AccessDenied';
    for (let run = 0; run < 7; run += 1) {
      await fixture.letTimePass();
      expect(await fixture.runOnce()).toMatchObject({ afterMs: expect.any(Number) as number });
    }
    const { migration, failures } = await fixture.progress(id);
    expect(migration).toMatchObject({ state: 'running', objectsCopied: 0 });
    expect(migration.lastError).toContain('refuses access');
    expect(failures.every(({ nextAttemptAt }) => nextAttemptAt !== null)).toBe(true);
    await fixture.expectReadable(published);
    s3.refusal = undefined;
    await fixture.runToEnd();
    expect((await fixture.progress(id)).migration).toMatchObject({
      state: 'completed',
      objectsCopied: 6,
    });
    await fixture.expectEverythingMoved(published);
  });

  it('never turns a version to bytes that arrive damaged, and goes on when they arrive whole', async () => {
    const { id } = await fixture.begin();
    s3.faults.add({ kind: 'corrupt', operations: ['GetObject'] });
    await fixture.runToEnd();
    const { migration, failures } = await fixture.progress(id);
    expect(migration).toMatchObject({ state: 'failed', objectsCopied: 0 });
    expect(failures).toHaveLength(6);
    expect(await fixture.rowsIn('local')).toEqual({ committed: 6 });
    await fixture.expectReadable(published);
    s3.faults.clear();
    await fixture.migrations().resume(id);
    await fixture.runToEnd();
    await fixture.expectEverythingMoved(published);
  });
});
