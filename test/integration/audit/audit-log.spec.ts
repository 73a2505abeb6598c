import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RequestContext } from '../../../src/platform/request-context/request-context.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type AuditProcess, auditProcess } from './support/audit-process.js';

interface Row {
  chain_seq: string;
  resource_id: string;
  metadata: Record<string, unknown>;
}

describe('recording a change', () => {
  let database: TestDatabase;
  let audit: AuditProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    audit = await auditProcess(database);
  });
  afterAll(() => database.drop());

  const rowsOf = (chain: string): Promise<Row[]> =>
    audit.dataSource.query('SELECT * FROM audit_entries WHERE chain = $1 ORDER BY chain_seq', [chain]);

  it('happens in the transaction of the change, and not at all when it rolls back (I12)', async () => {
    const organization = randomUUID();
    const failing = audit.transactions.run(async () => {
      await audit.log.record({ resource: 'module', resourceId: 'gone', organizationId: organization });
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect(await rowsOf(organization)).toEqual([]);
    await audit.change(organization, 'kept');
    expect((await rowsOf(organization)).map((row) => [row.chain_seq, row.resource_id])).toEqual([
      ['1', 'kept'],
    ]);
  });

  it('leaves nothing when the process dies before the commit (I12)', async () => {
    const organization = randomUUID();
    const dying = await auditProcess(database);
    const cut = dying.transactions.run(async () => {
      await dying.log.record({ resource: 'module', resourceId: 'gone', organizationId: organization });
      dying.transactions.beforeCommit(async () => {
        const [own] = await dying.transactions.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await audit.dataSource.query('SELECT pg_terminate_backend($1)', [own!.pid]);
        await dying.transactions.query('SELECT 1');
      });
    });
    await expect(cut).rejects.toThrow();
    expect(await rowsOf(organization)).toEqual([]);
    await audit.change(organization);
    expect(await rowsOf(organization)).toHaveLength(1);
  });

  it('refuses to work without a transaction', async () => {
    await expect(
      audit.log.record({ resource: 'module', resourceId: null, organizationId: null }),
    ).rejects.toThrow('transaction');
  });

  it('says who did it, with what, from where, before and after', async () => {
    const organization = randomUUID();
    const keyId = randomUUID();
    const request = {
      requestId: 'request-1',
      method: 'PUT',
      route: '/api/v1/users/:id',
      clientIp: '192.0.2.7',
      userAgent: 'curl/8',
      audited: 0,
      statusCode: () => 200,
      principal: {
        kind: 'api-key' as const,
        keyId,
        organizationId: organization,
        userId: null,
        name: 'ci',
        email: null,
        authority: { isPlatformAdmin: false, organizations: new Map(), shared: undefined },
        scopes: [],
        expiresAt: null,
        namespaces: null,
        publishedFrom: null,
      },
    };
    await RequestContext.run(request, () =>
      audit.change(organization, 'u', { before: { name: 'Ada' }, after: { name: 'Bob' } }),
    );
    const [row] = await rowsOf(organization);
    expect(row).toMatchObject({
      action: 'PUT /api/v1/users/:id',
      actor_kind: 'api-key',
      actor_id: keyId,
      user_id: null,
      user_name: 'ci',
      ip_address: '192.0.2.7',
      metadata: {
        auth_method: 'api_key',
        status_code: 200,
        request_id: 'request-1',
        before: { name: 'Ada' },
        after: { name: 'Bob' },
      },
    });
    expect(request.audited).toBe(1);
  });

  it('stores texts that PostgreSQL would refuse without what makes it refuse them', async () => {
    const organization = randomUUID();
    await audit.change(organization, 'a\0b', { after: { name: 'x\0\ud800y', 'k\0': 1 } });
    const [row] = await rowsOf(organization);
    expect([row!.resource_id, row!.metadata['after']]).toEqual(['ab', { name: 'x\ufffdy', k: 1 }]);
    expect((await audit.verification.verify(organization)).faults).toEqual([]);
  });

  it('records nothing when it is switched off', async () => {
    const organization = randomUUID();
    const silent = await auditProcess(database, { enabled: false });
    await silent.change(organization);
    expect(await rowsOf(organization)).toEqual([]);
  });

  it('keeps one chain without gaps for 64 changes at a time in one organization', async () => {
    const organization = randomUUID();
    const other = await auditProcess(database);
    await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        (index % 2 === 0 ? audit : other).change(organization, `change ${index}`),
      ),
    );
    const rows = await rowsOf(organization);
    expect(rows.map((row) => Number(row.chain_seq))).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
    expect(new Set(rows.map((row) => row.resource_id)).size).toBe(64);
    expect(await audit.verification.verify(organization)).toEqual({
      chain: organization,
      entries: 64,
      faults: [],
    });
  });

  it('never lets transactions wait for each other in a circle, whatever order they record in', async () => {
    const organizations = [randomUUID(), randomUUID(), randomUUID(), null];
    const inOrder = (start: number) => organizations.map((_, i) => organizations[(start + i * 3) % 4]!);
    await Promise.all(
      Array.from({ length: 48 }, (_, index) =>
        audit.transactions.run(async () => {
          for (const organizationId of inOrder(index)) {
            await audit.log.record({ resource: 'module', resourceId: `${index}`, organizationId });
          }
        }),
      ),
    );
    for (const organization of organizations) {
      const report = await audit.verification.verify(organization ?? 'platform');
      expect(report.faults).toEqual([]);
      expect(report.entries).toBeGreaterThanOrEqual(48);
    }
  });

  it('cannot be changed, removed or emptied by statements of the product (J8)', async () => {
    await audit.change(randomUUID());
    for (const statement of [
      `UPDATE audit_entries SET action = 'nothing'`,
      'DELETE FROM audit_entries',
      'TRUNCATE audit_entries',
    ]) {
      await expect(audit.dataSource.query(statement)).rejects.toThrow('audit entries are never changed');
    }
  });
});
