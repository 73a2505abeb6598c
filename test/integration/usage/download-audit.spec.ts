import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AuditLog } from '../../../src/audit/audit-log.service.js';
import { AuditModule } from '../../../src/audit/audit.module.js';
import { AuditChainsRepository } from '../../../src/audit/persistence/audit-chains.repository.js';
import { AuditConfig } from '../../../src/config/audit.config.js';
import { StorageConfig } from '../../../src/config/storage.config.js';
import { UsageConfig } from '../../../src/config/usage.config.js';
import type { Namespaces } from '../../../src/orgs/namespaces.service.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { DownloadAudit } from '../../../src/usage/download-audit.js';
import { DownloadBreakdowns } from '../../../src/usage/download-breakdowns.service.js';
import { DownloadCounter } from '../../../src/usage/download-counter.service.js';
import { detailsText } from '../../../src/usage/download-details.js';
import { DownloadFolder } from '../../../src/usage/download-folder.service.js';
import { FoldedDownloads } from '../../../src/usage/folded-downloads.js';
import { DownloadBreakdownEntity } from '../../../src/usage/persistence/download-breakdown.entity.js';
import { DownloadBreakdownRepository } from '../../../src/usage/persistence/download-breakdown.repository.js';
import { DownloadCountEntity } from '../../../src/usage/persistence/download-count.entity.js';
import { DownloadCountsRepository } from '../../../src/usage/persistence/download-counts.repository.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const HOOKS = resolve(import.meta.dirname, '../../support/typescript-hooks.mjs');
const CHILD = resolve(import.meta.dirname, 'count-downloads.process.ts');
const PATH = '/v1/modules/acme/vpc/aws/1.0.0/download';
const CALLER = {
  who: '',
  organizationId: '',
  clientIp: '192.0.2.1',
  clientVersion: '1.11.4',
  isOpenTofu: false,
};

interface Row {
  resource_id: string;
  user_name: string | null;
  ip_address: string | null;
  metadata: Record<string, unknown>;
}

describe('recording downloads', () => {
  let database: TestDatabase;
  let tempDir: string;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(() => {
    tempDir = mkdtempSync(join(tmpdir(), 'download-audit-'));
  });
  afterEach(() => rmSync(tempDir, { recursive: true }));

  async function oneProcess(organizationId: string | null = null) {
    const source = await database.open([
      DownloadBreakdownEntity,
      DownloadCountEntity,
      ...AuditModule.entities,
    ]);
    const transactions = new Transactions(source);
    const counter = new DownloadCounter(Object.assign(new StorageConfig(), { tempDir }));
    const repository = new DownloadCountsRepository(source);
    const namespaces = { find: async () => organizationId && { organizationId } } as unknown as Namespaces;
    const log = new AuditLog(new AuditConfig(), new AuditChainsRepository(source, transactions));
    const folder = new DownloadFolder(
      counter,
      repository,
      transactions,
      new DownloadAudit(log, namespaces),
      new FoldedDownloads(),
      new DownloadBreakdowns(new DownloadBreakdownRepository(source), new UsageConfig()),
    );
    const entries = (id: string): Promise<Row[]> =>
      source.query('SELECT * FROM audit_entries WHERE resource_id = $1 ORDER BY chain_seq', [id]);
    return { counter, folder, repository, entries };
  }

  const spool = (): string => join(tempDir, 'download-counts');
  const details = (requestId: string, who = ''): string => detailsText(PATH, { ...CALLER, who, requestId });
  /** Like the file of a process that does not run any more. */
  const leaveBehind = (): string => {
    const [name] = readdirSync(spool());
    const left = join(
      spool(),
      name!.replace(/\.[0-9a-f]{8}-/, `.${randomUUID().slice(0, 8)}-`).replace(/-\d+-\d+\./, '-4194304-1.'),
    );
    copyFileSync(join(spool(), name!), left);
    return left;
  };

  it('is exact when a process is killed in the middle: one entry for each download (K4)', async () => {
    const ids = [randomUUID(), randomUUID()];
    const acknowledged = await countUntilKilled(tempDir, ids, 2_000);
    const { folder, repository, entries } = await oneProcess();
    await folder.foldAbandoned();
    const stored = await repository.totals(ids);
    for (const id of ids) {
      const rows = await entries(id);
      expect(rows).toHaveLength(stored.get(id)!);
      expect(new Set(rows.map((row) => row.metadata['request_id'])).size).toBe(rows.length);
    }
    const sum = [...stored.values()].reduce((one, other) => one + other, 0);
    expect(sum - acknowledged).toBeGreaterThanOrEqual(0);
    expect(sum - acknowledged).toBeLessThanOrEqual(1);
  });

  it('happens once, though a segment is found again after it was carried over', async () => {
    const id = randomUUID();
    const { counter, folder, entries } = await oneProcess();
    for (let done = 0; done < 5; done += 1) counter.count(id, details(`r${done}`));
    const left = leaveBehind();
    const again = `${left}.copy`;
    copyFileSync(left, again);
    await folder.foldAbandoned();
    copyFileSync(again, left);
    rmSync(again);
    await folder.foldAbandoned();
    expect(await entries(id)).toHaveLength(5);
  });

  it('tells who it was, from where, with what and when', async () => {
    const id = randomUUID();
    const organizationId = randomUUID();
    const { counter, folder, entries } = await oneProcess(organizationId);
    const who = JSON.stringify(['api-key', 'api_key', 'key-1', null, 'the ci', null]);
    counter.count(id, details('r1', who));
    counter.count(id, details('r2'));
    counter.count(id);
    await folder.fold();
    const [named, nameless, ...more] = await entries(id);
    expect(named).toMatchObject({
      chain: organizationId,
      organization_id: organizationId,
      action: 'GET /v1/modules/:namespace/:name/:system/:version/download',
      resource_type: 'module',
      actor_kind: 'api-key',
      actor_id: 'key-1',
      user_name: 'the ci',
      ip_address: '192.0.2.1',
      metadata: {
        auth_method: 'api_key',
        status_code: 204,
        request_id: 'r1',
        address: 'acme/vpc/aws',
        version: '1.0.0',
        client_version: '1.11.4',
      },
    });
    expect(nameless).toMatchObject({ actor_kind: 'anonymous', user_name: null });
    // The third was counted while downloads were not recorded.
    expect(more).toEqual([]);
  });

  it('leaves out only what was cut off, and counts what is complete', async () => {
    const id = randomUUID();
    const { counter, folder, entries, repository } = await oneProcess();
    counter.count(id, details('r1'));
    appendFileSync(leaveBehind(), `${id} 17000`);
    await folder.foldAbandoned();
    expect(await entries(id)).toHaveLength(1);
    expect(await repository.totals([id])).toEqual(new Map([[id, 2]]));
  });

  it('survives a client that sends nonsense, within a short line', () => {
    const text = detailsText(PATH, {
      ...CALLER,
      clientIp: 'not an address\n',
      clientVersion: `1.0\n${'x'.repeat(10_000)}`,
      requestId: 'r'.repeat(128),
    });
    expect(text).not.toContain('\n');
    expect(text.length).toBeLessThan(300);
  });

  it('splits a busy time into segments, and carries all of them over', async () => {
    const id = randomUUID();
    const { counter, folder, entries } = await oneProcess();
    for (let done = 0; done < 12_000; done += 1) counter.count(id, details(`r${done}`));
    expect(readdirSync(spool())).toHaveLength(3);
    await folder.fold();
    expect(await entries(id)).toHaveLength(12_000);
    expect(readdirSync(spool())).toEqual([]);
  });
});

/** Runs a counting process until it has acknowledged at least `enough` downloads, kills it, says how many they were. */
function countUntilKilled(tempDir: string, ids: string[], enough: number): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['--import', HOOKS, CHILD, tempDir, ...ids], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.length >= enough * 37) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('error', fail);
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') return fail(new Error(`The counting process ended by itself: ${errors}`));
      done(output.split('\n').filter((line) => line.length === 36).length);
    });
  });
}
