import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import { runSweepCommand } from '../../../src/storage/sweep-command.js';
import { SweepConfirmation } from '../../../src/storage/sweep-confirmation.service.js';
import { StoragesInUse } from '../../../src/storage/storages-in-use.service.js';
import { runVerifyCommand } from '../../../src/storage/verify-command.js';
import { VerifyStorage } from '../../../src/storage/verify-storage.service.js';
import { StorageFixture } from './storage-fixture.js';

let fixture: StorageFixture;
const second = new MemoryObjectStore();
beforeAll(async () => {
  fixture = await StorageFixture.start();
  fixture.storages.put('second', second);
  await fixture.publish('here');
  await fixture.publish('there', 'second');
});
afterAll(() => fixture.stop());

/** Runs a command on the services of the fixture. */
async function run(
  command: typeof runVerifyCommand,
  ...args: string[]
): Promise<{ status: number; text: string }> {
  const services = new Map<unknown, unknown>([
    [VerifyStorage, fixture.verify],
    [SweepConfirmation, fixture.confirmation],
    [StoragesInUse, fixture.inUse],
  ]);
  const context = { get: (type: unknown) => services.get(type) } as unknown as INestApplicationContext;
  const lines: string[] = [];
  const status = await command(args, context, { print: (line) => lines.push(line), hint: () => undefined });
  return { status, text: lines.join('\n') };
}

describe('the command verify', () => {
  it('reads every storage, or the one that is named', async () => {
    expect(await run(runVerifyCommand)).toMatchObject({
      status: 0,
      text: expect.stringMatching(/^2 artifacts/),
    });
    expect(await run(runVerifyCommand, '--storage', 'second')).toMatchObject({
      status: 0,
      text: expect.stringMatching(/^1 artifacts/),
    });
    const { text } = await run(runVerifyCommand, '--json', '--storage=local');
    expect(JSON.parse(text)).toMatchObject({ storages: [{ storage: 'local', artifacts: 1 }], findings: [] });
  });

  it('refuses what it does not know, and says what there is', async () => {
    await expect(run(runVerifyCommand, '--storage', 'third')).rejects.toThrow(
      'No storage is named third. There are: local, second',
    );
    await expect(run(runVerifyCommand, '--all')).rejects.toThrow('verify [--json] [--storage NAME]');
    await expect(run(runVerifyCommand, 'local')).rejects.toThrow('verify [--json] [--storage NAME]');
  });

  it('ends with 2 when a storage cannot be read, and with 1 when something is wrong', async () => {
    second.failWith(new Error('down'));
    expect(await run(runVerifyCommand)).toMatchObject({
      status: 2,
      text: expect.stringContaining('second could not'),
    });
    second.failWith(undefined);
    const { key } = await fixture.publish('lost');
    await rm(fixture.fileOf(key));
    expect(await run(runVerifyCommand)).toMatchObject({
      status: 1,
      text: expect.stringContaining('missing-blob'),
    });
  });
});

describe('the command sweep confirm', () => {
  it('lets the sweep go on after a restore, and leaves a record', async () => {
    await second.put(`epoch/${randomUUID()}`, Buffer.from('x'));
    expect((await fixture.sweep.run()).storages[1]!.problem).toBeInstanceOf(Error);
    expect(await run(runSweepCommand, 'confirm', 'second')).toEqual({
      status: 0,
      text: 'Unreferenced objects of second are removed again.',
    });
    expect((await fixture.sweep.run()).storages[1]).not.toHaveProperty('problem');
    const records = await fixture.sql(`SELECT action, metadata ->> 'storage' AS storage FROM audit_entries`);
    expect(records).toEqual([{ action: 'storage.sweep_confirmed', storage: 'second' }]);
  });

  it('changes nothing when nothing held the sweep up', async () => {
    expect((await run(runSweepCommand, 'confirm', 'local')).text).toContain('nothing was changed');
  });

  it.each([
    [['confirm', 'third'], 'No storage is named third. There are: local, second'],
    [['confirm'], 'sweep confirm STORAGE'],
    [['run', 'local'], 'sweep confirm STORAGE'],
    [['confirm', 'local', 'second'], 'sweep confirm STORAGE'],
    [[], 'sweep confirm STORAGE'],
  ])('refuses %j', async (args, message) => {
    await expect(run(runSweepCommand, ...args)).rejects.toThrow(message);
  });
});
