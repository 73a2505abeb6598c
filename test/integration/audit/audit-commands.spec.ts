import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAuditCommand } from '../../../src/audit/audit-commands.js';
import { AuditLog } from '../../../src/audit/audit-log.service.js';
import { InvalidInput } from '../../../src/kernel/invalid-input.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { aModule } from '../../support/factories/module.factory.js';
import { TestApp } from '../../support/test-app.js';

describe('the audit commands', () => {
  let app: TestApp;
  let organization: string;

  beforeAll(async () => {
    app = await TestApp.start();
    organization = await app.addOrganization('watched');
    expect((await app.publishModule(aModule())).status).toBe(201);
    const actor = { userId: randomUUID(), name: 'Ada', email: 'ada@example.com' };
    await app.get(Transactions).run(async () => {
      for (const resourceId of ['one', 'two', 'three']) {
        const record = { resource: 'policy' as const, resourceId, organizationId: organization, actor };
        await app.get(AuditLog).record(record);
      }
    });
  });
  afterAll(() => app?.stop());

  async function run(...args: string[]): Promise<{ status: number; lines: string[] }> {
    const lines: string[] = [];
    const output = { print: (line: string) => void lines.push(line), hint: () => undefined };
    return { status: await runAuditCommand(args, app.server.app, output), lines };
  }

  it('find nothing wrong with a whole log, or with the part of one organization', async () => {
    const all = await run('verify');
    expect(all.status).toBe(0);
    expect(all.lines).toEqual([expect.stringMatching(/^\d+ entries in [23] chains checked, 0 findings$/)]);
    expect(await run('verify', '--organization', 'watched')).toEqual({
      status: 0,
      lines: ['3 entries in 1 chains checked, 0 findings'],
    });
  });

  it('erase a person, and the log is still whole', async () => {
    const [row] = await app.query<{ user_id: string }>(
      "SELECT user_id FROM audit_entries WHERE resource_id = 'one'",
    );
    expect(await run('erase', '--user', row!.user_id)).toEqual({
      status: 0,
      lines: ['The person was erased from 3 entries'],
    });
    const [entry] = await app.query<object>(
      `SELECT * FROM audit_entries WHERE action = 'audit.person_erased'`,
    );
    expect(entry).toMatchObject({ actor_kind: 'command', resource_id: row!.user_id, chain: 'platform' });
    expect((await run('verify')).status).toBe(0);
  });

  it('name the entry that somebody changed (J8)', async () => {
    const [entry] = await app.query<{ id: string }>("SELECT id FROM audit_entries WHERE resource_id = 'two'");
    await app.query('ALTER TABLE audit_entries DISABLE TRIGGER tr_audit_entry_row');
    await app.query("UPDATE audit_entries SET action = 'nothing' WHERE resource_id = 'two'");
    await app.query('ALTER TABLE audit_entries ENABLE TRIGGER tr_audit_entry_row');
    expect(await run('verify', '--organization', 'watched')).toEqual({
      status: 1,
      lines: [
        `${organization} #2 (${entry!.id}): the entry was changed`,
        '3 entries in 1 chains checked, 1 findings',
      ],
    });
    expect((await run('verify')).status).toBe(1);
  });

  it.each([
    [['verify', '--organization', 'absent'], 'There is no organization named absent'],
    [['verify', '--all'], 'audit verify [--organization NAME]'],
    [['erase', '--user', 'nobody'], 'The id of a user is a UUID'],
    [[], 'audit erase --user ID'],
  ])('refuse %j', async (args, message) => {
    const error = await run(...args).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidInput);
    expect((error as Error).message).toContain(message);
  });
});
