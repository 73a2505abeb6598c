import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StorageConfig } from '../../../src/config/storage.config.js';
import { UsageConfig } from '../../../src/config/usage.config.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import type { DownloadAudit } from '../../../src/usage/download-audit.js';
import { DownloadBreakdowns } from '../../../src/usage/download-breakdowns.service.js';
import { DownloadCounter } from '../../../src/usage/download-counter.service.js';
import { DownloadFolder } from '../../../src/usage/download-folder.service.js';
import { FoldedDownloads } from '../../../src/usage/folded-downloads.js';
import { DownloadTotals } from '../../../src/usage/download-totals.service.js';
import { PendingDownloads } from '../../../src/usage/pending-downloads.service.js';
import { DownloadBreakdownEntity } from '../../../src/usage/persistence/download-breakdown.entity.js';
import { DownloadBreakdownRepository } from '../../../src/usage/persistence/download-breakdown.repository.js';
import { DownloadCountEntity } from '../../../src/usage/persistence/download-count.entity.js';
import { DownloadCountsRepository } from '../../../src/usage/persistence/download-counts.repository.js';
import { type TestDatabase, createTestDatabase } from '../../support/database.js';

const HOOKS = resolve(import.meta.dirname, '../../support/typescript-hooks.mjs');
const CHILD = resolve(import.meta.dirname, 'count-downloads.process.ts');

describe('counting downloads', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let tempDir: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await database.open([DownloadBreakdownEntity, DownloadCountEntity]);
  });
  afterAll(() => database.drop());
  beforeEach(() => {
    tempDir = mkdtempSync(join(tmpdir(), 'download-counts-'));
  });
  afterEach(() => rmSync(tempDir, { recursive: true }));

  function processWith(source = dataSource) {
    const counter = new DownloadCounter(Object.assign(new StorageConfig(), { tempDir }));
    const repository = new DownloadCountsRepository(source);
    const unrecorded = { record: async () => undefined } as unknown as DownloadAudit;
    const folder = new DownloadFolder(
      counter,
      repository,
      new Transactions(source),
      unrecorded,
      new FoldedDownloads(),
      new DownloadBreakdowns(new DownloadBreakdownRepository(source), new UsageConfig()),
    );
    const totals = new DownloadTotals(new PendingDownloads(counter, folder), repository);
    return { counter, repository, folder, totals };
  }

  it('loses nothing and invents nothing when a process is killed in the middle (threat K4)', async () => {
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    const acknowledged = await countUntilKilled(tempDir, ids, 5_000);
    const { folder, repository } = processWith();
    await folder.foldAbandoned();
    const stored = await repository.totals(ids);
    const sum = [...stored.values()].reduce((one, other) => one + other, 0);
    const answered = [...acknowledged.values()].reduce((one, other) => one + other, 0);
    expect(answered).toBeGreaterThanOrEqual(5_000);
    expect(sum - answered).toBeGreaterThanOrEqual(0);
    expect(sum - answered).toBeLessThanOrEqual(1);
    expect(readdirSync(join(tempDir, 'download-counts'))).toEqual([]);
  });

  it('counts a segment once, though it is found again after it was carried over', async () => {
    const id = randomUUID();
    const { counter, folder, repository } = processWith();
    for (let done = 0; done < 7; done += 1) counter.count(id);
    const spool = join(tempDir, 'download-counts');
    const name = readdirSync(spool)[0]!;
    const left = join(
      spool,
      name.replace(/\.[0-9a-f]{8}-/, '.00000000-').replace(/-\d+-\d+\./, '-4194304-1.'),
    );
    copyFileSync(join(spool, name), left);
    await folder.foldAbandoned();
    expect(await repository.totals([id])).toEqual(new Map([[id, 7]]));
    copyFileSync(join(spool, name), left);
    await folder.foldAbandoned();
    expect(await repository.totals([id])).toEqual(new Map([[id, 7]]));
    expect(readdirSync(spool)).toEqual([name]);
  });

  it('ignores a line that was cut off and lines that are no ids', async () => {
    const id = randomUUID();
    const { counter, folder, repository } = processWith();
    counter.count(id);
    const spool = join(tempDir, 'download-counts');
    const left = join(spool, readdirSync(spool)[0]!.replace(/-\d+-\d+\./, '-4194304-1.'));
    writeFileSync(left, `${id}\nnonsense\n${id}\n`);
    appendFileSync(left, id.slice(0, 20));
    await folder.foldAbandoned();
    expect(await repository.totals([id])).toEqual(new Map([[id, 2]]));
  });

  it('leaves the segments of running processes alone', async () => {
    const id = randomUUID();
    const first = processWith();
    const second = processWith();
    first.counter.count(id);
    await second.folder.foldAbandoned();
    expect(await second.repository.totals([id])).toEqual(new Map());
    await first.folder.fold();
    expect(await second.repository.totals([id])).toEqual(new Map([[id, 1]]));
  });

  it('adds what is stored and what is still in memory, also while counts are carried over', async () => {
    const id = randomUUID();
    const { counter, folder, totals } = processWith();
    for (let round = 1; round <= 30; round += 1) {
      counter.count(id);
      const folding = round % 3 === 0 ? folder.fold() : undefined;
      expect((await totals.totals([id])).get(id)).toBe(round);
      await folding;
    }
  });

  it('carries everything over when the application stops', async () => {
    const id = randomUUID();
    const { counter, folder, repository } = processWith();
    folder.start();
    for (let done = 0; done < 500; done += 1) counter.count(id);
    await folder.beforeApplicationShutdown();
    expect(await repository.totals([id])).toEqual(new Map([[id, 500]]));
    expect(readdirSync(join(tempDir, 'download-counts'))).toEqual([]);
  });

  it('keeps the counts while the database is away and carries them over later', async () => {
    const id = randomUUID();
    const away = await database.open([DownloadBreakdownEntity, DownloadCountEntity]);
    const { counter, folder, totals } = processWith(away);
    counter.count(id);
    await away.destroy();
    await expect(folder.fold()).rejects.toThrow();
    expect(pendingOf(counter, id)).toBe(1);
    await away.initialize();
    await folder.fold();
    expect((await totals.totals([id])).get(id)).toBe(1);
    expect(pendingOf(counter, id)).toBe(0);
  });

  it('counts in memory when the spool cannot be written, and never fails', async () => {
    const id = randomUUID();
    writeFileSync(join(tempDir, 'download-counts'), 'a file where the directory should be');
    const { counter, folder, totals } = processWith();
    counter.count(id);
    counter.count(id);
    expect((await totals.totals([id])).get(id)).toBe(2);
    rmSync(join(tempDir, 'download-counts'));
    await folder.fold();
    expect((await totals.totals([id])).get(id)).toBe(2);
    expect(pendingOf(counter, id)).toBe(0);
  });

  it('takes many processes that count the same target at the same time', async () => {
    const id = randomUUID();
    const processes = Array.from({ length: 8 }, () => processWith());
    for (const { counter } of processes) for (let done = 0; done < 100; done += 1) counter.count(id);
    await Promise.all(processes.map(({ folder }) => folder.fold()));
    expect(await processes[0]!.repository.totals([id])).toEqual(new Map([[id, 800]]));
  });
});

/** What waits in memory to be carried over. */
function pendingOf(counter: DownloadCounter, id: string): number {
  return counter.pending().reduce((sum, { counts }) => sum + (counts.get(id) ?? 0), 0);
}

/** Runs a counting process until it has acknowledged at least `enough` downloads, then kills it. */
function countUntilKilled(tempDir: string, ids: string[], enough: number): Promise<Map<string, number>> {
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
      const counts = new Map<string, number>();
      for (const line of output.split('\n')) {
        if (line.length === 36) counts.set(line, (counts.get(line) ?? 0) + 1);
      }
      done(counts);
    });
  });
}
