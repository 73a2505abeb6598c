import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runStorageCommand } from '../../../src/storage/storage-migration-command.js';
import { MigrationFixture } from './migration-fixture.js';

let fixture: MigrationFixture;
beforeAll(async () => {
  fixture = await MigrationFixture.start();
  await fixture.publishSome();
});
afterAll(() => fixture?.stop());

async function run(...args: string[]): Promise<{ status: number; printed: string[]; hints: string[] }> {
  const printed: string[] = [];
  const hints: string[] = [];
  const output = {
    print: (line: string) => void printed.push(line),
    hint: (line: string) => void hints.push(line),
  };
  return { status: await runStorageCommand(args, fixture.app.server.app, output), printed, hints };
}

describe('the storage commands', () => {
  it('say what a migration would move', async () => {
    const [{ bytes }] = (await fixture.app.query<{ bytes: number }>(
      'SELECT sum(size_bytes)::float8 AS bytes FROM artifacts',
    )) as [{ bytes: number }];
    const { status, printed, hints } = await run('migrate', 'local', fixture.target, '--dry-run');
    expect({ status, printed }).toEqual({ status: 0, printed: [`6 objects, ${bytes} bytes`] });
    expect(hints[0]).toContain('Nothing was changed');
    expect((await run('migrations')).printed).toEqual([]);
  });

  it('start a migration for the server to do, and show how far it is', async () => {
    const { printed } = await run('migrate', 'local', fixture.target);
    const line = (state: string, copied: number) =>
      `${printed[0]}  ${state}  local to ${fixture.target}  ${copied} of 6 objects`;
    expect((await run('migrations')).printed).toEqual([line('planned', 0)]);
    await fixture.runToEnd();
    expect((await run('migrations')).printed).toEqual([line('completed', 6)]);
    const [entry] = await fixture.app.query(
      `SELECT action FROM audit_entries WHERE resource_id = $1 ORDER BY chain_seq LIMIT 1`,
      [printed[0]],
    );
    expect(entry).toEqual({ action: 'COMMAND storage migrate' });
  });

  it.each([
    [[]],
    [['migrate']],
    [['migrate', 'local']],
    [['migrate', 'a', 'b', 'c']],
    [['migrate', 'a', '--fast']],
  ])('refuse the arguments %j and say how they are used', async (args) => {
    await expect(run(...args)).rejects.toThrow('Usage:\nstorage migrate SOURCE TARGET');
  });

  it('refuse storages that are not known', async () => {
    await expect(run('migrate', 'local', 'nowhere')).rejects.toThrow('two different storages');
  });
});
