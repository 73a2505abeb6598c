import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOfEntry } from '../../../src/audit/audit-chain.js';
import { AuditEntryEntity } from '../../../src/audit/persistence/audit-entry.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type AuditProcess, auditProcess, tamper } from './support/audit-process.js';

const ENTRIES = 40;

describe('verifying the audit log (J8, T19)', () => {
  let database: TestDatabase;
  let audit: AuditProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    audit = await auditProcess(database);
  });
  afterAll(() => database.drop());

  async function chainWith(entries: number): Promise<string> {
    const chain = randomUUID();
    await audit.transactions.run(async () => {
      for (let index = 1; index <= entries; index += 1) {
        await audit.log.record({
          resource: 'module',
          resourceId: `entry ${index}`,
          organizationId: chain,
          after: { index, list: [1.5, 1e21, null, 'ä'], nested: { b: 1, a: [] } },
        });
      }
    });
    return chain;
  }

  const change = (column: string) => async (chain: string, seq: number) => {
    await tamper(audit, `UPDATE audit_entries SET ${column} WHERE chain = $1 AND chain_seq = $2`, [
      chain,
      seq,
    ]);
    return [seq];
  };
  const TAMPERS: Record<string, (chain: string, seq: number) => Promise<number[]>> = {
    'another action': change(`action = 'DELETE /everything'`),
    'another user': change(`user_id = gen_random_uuid()`),
    'another name': change(`user_name = 'somebody else'`),
    'another object': change(`resource_id = 'other'`),
    'another time': change(`created_at = created_at - interval '1 day'`),
    'other metadata': change(`metadata = jsonb_set(metadata, '{after,index}', '-1')`),
    'another address': change(`ip_address = '203.0.113.9'`),
    'no details to compare': change(`details_salt = NULL`),
    'another hash': change(`hash = repeat('a', 64)`),
    'another predecessor': change(`previous_hash = repeat('b', 64)`),
    'another id': change(`id = gen_random_uuid()`),
    removed: async (chain, seq) => {
      await tamper(audit, 'DELETE FROM audit_entries WHERE chain = $1 AND chain_seq = $2', [chain, seq]);
      return [seq];
    },
    'exchanged with its neighbor': async (chain, seq) => {
      const swap = 'UPDATE audit_entries SET chain_seq = $3 WHERE chain = $1 AND chain_seq = $2';
      await tamper(audit, swap, [chain, seq, -1]);
      await tamper(audit, swap, [chain, seq + 1, seq]);
      await tamper(audit, swap, [chain, -1, seq + 1]);
      return [seq, seq + 1];
    },
    'forged together with its hash': async (chain, seq) => {
      const repository = audit.dataSource.getRepository(AuditEntryEntity);
      const entry = await repository.findOneByOrFail({ chain, chainSeq: seq });
      const hash = hashOfEntry({ ...entry, action: 'forged' } as never);
      await tamper(audit, `UPDATE audit_entries SET action = 'forged', hash = $2 WHERE id = $1`, [
        entry.id,
        hash,
      ]);
      return [seq];
    },
  };

  it('names each of 50 tampered, removed, moved or forged entries, and nothing else', async () => {
    const kinds = Object.keys(TAMPERS);
    const cases = Array.from({ length: 50 }, (_, index) => ({
      kind: kinds[index % kinds.length]!,
      // Also the first one and the last one of a chain.
      seq: [1, ENTRIES - 1, 2, 17, 30][index % 5]!,
    }));
    let located = 0;
    for (const { kind, seq } of cases) {
      const chain = await chainWith(ENTRIES);
      const expected = await TAMPERS[kind]!(chain, seq);
      const { faults } = await audit.verification.verify(chain);
      expect(
        faults.map((fault) => fault.seq),
        `${kind} at #${seq}`,
      ).toEqual(expected);
      located += 1;
    }
    expect(located).toBe(50);
  });

  it.each([
    ['removed', `DELETE FROM audit_entries WHERE chain = $1 AND chain_seq = ${ENTRIES}`, 'removed'],
    [
      'changed',
      `UPDATE audit_entries SET user_name = 'x' WHERE chain = $1 AND chain_seq = ${ENTRIES}`,
      'changed',
    ],
  ])('notices that the last entry was %s', async (_, statement, kind) => {
    const chain = await chainWith(ENTRIES);
    await tamper(audit, statement, [chain]);
    const { faults } = await audit.verification.verify(chain);
    expect(faults).toMatchObject([{ kind, seq: ENTRIES }]);
  });

  it('says how an entry was tampered with', async () => {
    const chain = await chainWith(ENTRIES);
    await TAMPERS['exchanged with its neighbor']!(chain, 5);
    await TAMPERS['removed']!(chain, 12);
    await TAMPERS['removed']!(chain, 13);
    await TAMPERS['another name']!(chain, 20);
    const { faults } = await audit.verification.verify(chain);
    expect(faults).toMatchObject([
      { kind: 'reordered', seq: 5, movedFrom: 6 },
      { kind: 'reordered', seq: 6, movedFrom: 5 },
      { kind: 'removed', seq: 12, lastSeq: 13 },
      { kind: 'changed', seq: 20 },
    ]);
  });

  it('raises no false alarm while entries are appended and the beginning expires', async () => {
    const chain = await chainWith(ENTRIES);
    await tamperTime(chain, ENTRIES / 2);
    const expiring = await auditProcess(database, { retentionDays: 30 });
    let isDone = false;
    const appending = (async () => {
      for (let count = 0; count < 60; count += 1) await audit.change(chain);
      isDone = true;
    })();
    const reports = [];
    const expired = expiring.expiry.run();
    while (!isDone) reports.push(await audit.verification.verify(chain));
    await Promise.all([appending, expired]);
    expect(reports.flatMap(({ faults }) => faults)).toEqual([]);
    expect(reports.length).toBeGreaterThan(0);
  });

  it('works behind the checkpoint that the retention leaves, and notices that it was changed', async () => {
    const chain = await chainWith(ENTRIES);
    await tamperTime(chain, 25);
    const expiring = await auditProcess(database, { retentionDays: 30 });
    expect(await expiring.expiry.run()).toBe(25);
    expect(await expiring.expiry.run()).toBe(0);
    expect(await audit.verification.verify(chain)).toMatchObject({ entries: ENTRIES - 25 + 1, faults: [] });
    await TAMPERS['another name']!(chain, 30);
    expect((await audit.verification.verify(chain)).faults).toMatchObject([{ kind: 'changed', seq: 30 }]);
    // Somebody removes more from the beginning, and moves the checkpoint along.
    await tamper(audit, 'DELETE FROM audit_entries WHERE chain = $1 AND chain_seq <= 33', [chain]);
    await tamper(
      audit,
      `UPDATE audit_checkpoints SET chain_seq = 33, hash = (SELECT previous_hash FROM audit_entries
       WHERE chain = $1 AND chain_seq = 34) WHERE chain = $1`,
      [chain],
    );
    expect((await audit.verification.verify(chain)).faults).toMatchObject([{ kind: 'checkpoint', seq: 33 }]);
  });

  it('still holds after a person was erased on purpose, and only then (J7)', async () => {
    const chain = randomUUID();
    const userId = randomUUID();
    const actor = { userId, name: 'Ada Canary', email: 'ada.canary@example.com' };
    await audit.change(chain, 'a', { actor });
    await audit.transactions.run(() =>
      audit.log.record({
        resource: 'user',
        resourceId: userId,
        organizationId: chain,
        after: { email: 'ada.canary@example.com' },
      }),
    );
    await audit.change(chain, 'b');
    expect(await audit.erasure.erase(userId)).toBe(2);
    const left = JSON.stringify(await audit.dataSource.query('SELECT * FROM audit_entries'));
    expect(left.toLowerCase()).not.toContain('canary');
    expect(left).toContain(userId);
    expect((await audit.verification.verify(chain)).faults).toEqual([]);
    await tamper(
      audit,
      `UPDATE audit_entries SET user_name = NULL, details_salt = NULL WHERE resource_id = 'b'`,
    );
    expect((await audit.verification.verify(chain)).faults).toMatchObject([{ kind: 'changed', seq: 3 }]);
  });

  /** Makes the first entries look old, with hashes that fit. */
  async function tamperTime(chain: string, count: number): Promise<void> {
    const repository = audit.dataSource.getRepository(AuditEntryEntity);
    const entries = await repository.find({ where: { chain }, order: { chainSeq: 'ASC' } });
    let previousHash = entries[0]!.previousHash;
    for (const entry of entries) {
      const age = entry.chainSeq <= count ? 40 * 86_400_000 : 0;
      const createdAt = new Date(entry.createdAt.getTime() - age);
      const hash = hashOfEntry({ ...entry, createdAt, previousHash } as never);
      await tamper(
        audit,
        'UPDATE audit_entries SET created_at = $2, previous_hash = $3, hash = $4 WHERE id = $1',
        [entry.id, createdAt, previousHash, hash],
      );
      previousHash = hash;
    }
    await tamper(audit, 'UPDATE audit_chains SET last_hash = $2 WHERE chain = $1', [chain, previousHash]);
  }
});
