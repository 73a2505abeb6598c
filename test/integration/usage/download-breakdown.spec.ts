import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AuditLog } from '../../../src/audit/audit-log.service.js';
import { AuditModule } from '../../../src/audit/audit.module.js';
import { AuditChainsRepository } from '../../../src/audit/persistence/audit-chains.repository.js';
import { AuditConfig } from '../../../src/config/audit.config.js';
import { StorageConfig } from '../../../src/config/storage.config.js';
import { UsageConfig } from '../../../src/config/usage.config.js';
import type { Namespaces } from '../../../src/orgs/namespaces.service.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import type { DownloadCaller } from '../../../src/platform/documents/download-caller.js';
import { dayOf } from '../../../src/usage/domain/day.js';
import { DownloadAudit } from '../../../src/usage/download-audit.js';
import { DownloadBreakdowns } from '../../../src/usage/download-breakdowns.service.js';
import { DownloadCounter } from '../../../src/usage/download-counter.service.js';
import { BriefDetails, detailsText } from '../../../src/usage/download-details.js';
import { DownloadFolder } from '../../../src/usage/download-folder.service.js';
import { FoldedDownloads } from '../../../src/usage/folded-downloads.js';
import { PendingDownloads } from '../../../src/usage/pending-downloads.service.js';
import { DownloadBreakdownEntity } from '../../../src/usage/persistence/download-breakdown.entity.js';
import { DownloadBreakdownRepository } from '../../../src/usage/persistence/download-breakdown.repository.js';
import { DownloadCountEntity } from '../../../src/usage/persistence/download-count.entity.js';
import { DownloadCountsRepository } from '../../../src/usage/persistence/download-counts.repository.js';
import { UsageSums } from '../../../src/usage/usage-sums.service.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const PATH = '/v1/modules/acme/vpc/aws/1.0.0/download';
const ORGANIZATIONS = ['', randomUUID(), randomUUID()];
const CLIENTS = [
  { clientVersion: '1.11.4', isOpenTofu: false, name: 'terraform 1.11.4' },
  { clientVersion: '1.11.4', isOpenTofu: true, name: 'opentofu 1.11.4' },
  { clientVersion: '1.12.0-rc1', isOpenTofu: false, name: 'terraform 1.12.0-rc' },
  { clientVersion: 'no version', isOpenTofu: false, name: 'other' },
  { clientVersion: undefined, isOpenTofu: false, name: '' },
];
const today = () => dayOf(new Date());

describe('what downloads divide into', () => {
  let database: TestDatabase;
  let source: DataSource;
  let tempDir: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    source = await database.open([DownloadBreakdownEntity, DownloadCountEntity, ...AuditModule.entities]);
  });
  afterAll(() => database.drop());
  beforeEach(() => {
    tempDir = mkdtempSync(join(tmpdir(), 'download-breakdown-'));
  });
  afterEach(() => rmSync(tempDir, { recursive: true }));

  function oneProcess(settings: Partial<UsageConfig> = {}) {
    const transactions = new Transactions(source);
    const counter = new DownloadCounter(Object.assign(new StorageConfig(), { tempDir }));
    const counts = new DownloadCountsRepository(source);
    const breakdown = new DownloadBreakdownRepository(source);
    const namespaces = { find: async () => undefined } as unknown as Namespaces;
    const log = new AuditLog(new AuditConfig(), new AuditChainsRepository(source, transactions));
    const folder = new DownloadFolder(
      counter,
      counts,
      transactions,
      new DownloadAudit(log, namespaces),
      new FoldedDownloads(),
      new DownloadBreakdowns(breakdown, Object.assign(new UsageConfig(), settings)),
    );
    const sums = new UsageSums(new PendingDownloads(counter, folder), counts, breakdown);
    return { counter, folder, sums };
  }

  const spool = (): string => join(tempDir, 'download-counts');
  /** What this process has in its spool, as the files of one that was killed. */
  const leaveBehind = (): string[] =>
    readdirSync(spool())
      .filter((name) => !name.includes('-4194304-'))
      .map((name) => {
        const left = join(spool(), name.replace(/-\d+-\d+\./, '-4194304-1.'));
        copyFileSync(join(spool(), name), left);
        rmSync(join(spool(), name));
        return left;
      });
  const callerOf = (client: (typeof CLIENTS)[number], organizationId: string): DownloadCaller => ({
    who: JSON.stringify(['user', 'session', 'id', null, 'Ada L.', null, organizationId]),
    organizationId,
    clientIp: '192.0.2.1',
    clientVersion: client.clientVersion,
    isOpenTofu: client.isOpenTofu,
    requestId: 'r1',
  });
  const rowsOf = async (targetId: string, dimension: string): Promise<Record<string, number>> => {
    const rows: { value: string; downloads: string }[] = await source.query(
      'SELECT value, downloads FROM download_breakdown_daily WHERE target_id = $1 AND dimension = $2',
      [targetId, dimension],
    );
    return Object.fromEntries(rows.map(({ value, downloads }) => [value, Number(downloads)]));
  };

  it('adds up to the daily counts and the audit log, however processes end and files come back', async () => {
    const download = fc.record({
      target: fc.nat(2),
      client: fc.nat(CLIENTS.length - 1),
      organization: fc.nat(ORGANIZATIONS.length - 1),
      isAudited: fc.boolean(),
      inProcess: fc.nat(1),
      next: fc.oneof(
        { weight: 12, arbitrary: fc.constant('nothing') },
        { weight: 2, arbitrary: fc.constant('fold') },
        { weight: 1, arbitrary: fc.constant('kill both') },
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(download, { minLength: 1, maxLength: 80 }), async (downloads) => {
        const ids = [randomUUID(), randomUUID(), randomUUID()];
        let processes = [oneProcess(), oneProcess()];
        let brief = [new BriefDetails(), new BriefDetails()];
        let again: string[] = [];
        for (const { target, client, organization, isAudited, inProcess, next } of downloads) {
          const { counter, folder } = processes[inProcess]!;
          const caller = callerOf(CLIENTS[client]!, ORGANIZATIONS[organization]!);
          counter.count(ids[target]!, isAudited ? detailsText(PATH, caller) : brief[inProcess]!.of(caller));
          if (next === 'fold') await folder.fold();
          if (next === 'kill both') {
            again = leaveBehind();
            for (const left of again) copyFileSync(left, `${left}.kept`);
            [processes, brief] = [
              [oneProcess(), oneProcess()],
              [new BriefDetails(), new BriefDetails()],
            ];
            await processes[0]!.folder.foldAbandoned();
          }
        }
        for (const { folder } of processes) await folder.fold();
        for (const left of again) copyFileSync(`${left}.kept`, left);
        await processes[0]!.folder.foldAbandoned();
        for (const [index, id] of ids.entries()) {
          const own = downloads.filter(({ target }) => target === index);
          const range = { from: today(), to: today() };
          const { sums } = processes[0]!;
          expect((await sums.byTarget([id], range)).get(id) ?? 0).toBe(own.length);
          const audited = await source.query(
            'SELECT count(*) AS n FROM audit_entries WHERE resource_id = $1',
            [id],
          );
          expect(Number(audited[0].n)).toBe(own.filter(({ isAudited }) => isAudited).length);
          expect(await rowsOf(id, 'client')).toEqual(tally(own.map(({ client }) => CLIENTS[client]!.name)));
          expect(await rowsOf(id, 'organization')).toEqual(
            tally(own.map(({ organization }) => ORGANIZATIONS[organization]!)),
          );
          for (const dimension of ['client', 'organization'] as const) {
            const all = [...(await sums.byOrigin([id], range, dimension)).values()];
            expect(all.reduce((sum, one) => sum + one, 0)).toBe(own.length);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('is known before it is carried over, and the same afterwards', async () => {
    const id = randomUUID();
    const { counter, folder, sums } = oneProcess();
    const range = { from: today(), to: today() };
    const brief = new BriefDetails();
    for (const client of CLIENTS) counter.count(id, brief.of(callerOf(client, ORGANIZATIONS[1]!)));
    counter.count(id, detailsText(PATH, callerOf(CLIENTS[0]!, ORGANIZATIONS[2]!)));
    counter.count(id);
    const look = async () => ({
      client: Object.fromEntries(await sums.byOrigin([id], range, 'client')),
      organization: Object.fromEntries(await sums.byOrigin([id], range, 'organization')),
      day: Object.fromEntries(await sums.byDay([id], range)),
      summary: await sums.summary([id], today()),
    });
    const before = await look();
    expect(before).toEqual({
      client: {
        'terraform 1.11.4': 2,
        'opentofu 1.11.4': 1,
        'terraform 1.12.0-rc': 1,
        other: 1,
        '': 2,
      },
      organization: { [ORGANIZATIONS[1]!]: 5, [ORGANIZATIONS[2]!]: 1, '': 1 },
      day: { [today()]: 7 },
      summary: { week: 7, month: 7, year: 7, total: 7 },
    });
    await folder.fold();
    expect(await look()).toEqual(before);
  });

  it('stays bounded under a flood of invented clients, in one batch and over many, in every process', async () => {
    const id = randomUUID();
    const processes = [oneProcess({ maxClientVersions: 5 }), oneProcess({ maxClientVersions: 5 })];
    const counted = 4 * 2 * 30;
    for (let round = 0; round < 4; round += 1) {
      for (const [index, { counter }] of processes.entries()) {
        for (let done = 0; done < 30; done += 1) {
          const clientVersion = `${index}.${round}.${done}`;
          const caller = { ...callerOf(CLIENTS[0]!, ''), clientVersion };
          counter.count(id, new BriefDetails().of(caller));
        }
      }
      await Promise.all(processes.map(({ folder }) => folder.fold()));
    }
    const rows = await rowsOf(id, 'client');
    expect(Object.keys(rows)).toHaveLength(6);
    expect(Object.keys(rows)).toContain('other');
    expect(Object.values(rows).reduce((sum, one) => sum + one, 0)).toBe(counted);
  });

  it('keeps telling apart a client that was there before the flood', async () => {
    const id = randomUUID();
    const { counter, folder } = oneProcess({ maxClientVersions: 1 });
    for (const clientVersion of ['1.11.4', '1.2.3', '1.11.4']) {
      counter.count(id, new BriefDetails().of({ ...callerOf(CLIENTS[0]!, ''), clientVersion }));
      await folder.fold();
    }
    expect(await rowsOf(id, 'client')).toEqual({ 'terraform 1.11.4': 2, other: 1 });
  });

  it('takes spool lines of older processes, and lines that were cut off, for unknown', async () => {
    const id = randomUUID();
    const { counter, folder, sums } = oneProcess();
    const older = `${Date.now()} 192.0.2.1 1.9.8 r1 ${PATH} ${JSON.stringify(['user', 'session', 'id', null, 'Ada', null])}`;
    counter.count(id, older);
    counter.count(id, '* 1.11.4');
    counter.count(id, `* 1.11.4 ${ORGANIZATIONS[1]!.slice(0, 20)}`);
    counter.count(id, '* ');
    await folder.fold();
    expect(await rowsOf(id, 'client')).toEqual({ 'terraform 1.9.8': 1, 'terraform 1.11.4': 1 });
    expect(await rowsOf(id, 'organization')).toEqual({});
    expect((await sums.byTarget([id], { from: today(), to: today() })).get(id)).toBe(4);
  });

  it('names nobody in the spool where downloads are not recorded', () => {
    const text = new BriefDetails().of({
      ...callerOf(CLIENTS[0]!, ORGANIZATIONS[1]!),
      clientIp: '192.0.2.7',
    });
    expect(text).toBe(`* 1.11.4 ${ORGANIZATIONS[1]}`);
    expect(existsSync(spool())).toBe(false);
  });
});

function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) if (value !== '') counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
