import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  DataDirectoryInUse,
  EmbeddedPostgresFailed,
} from '../../../src/platform/database/database.errors.js';
import { EmbeddedPostgres } from '../../../src/platform/database/embedded-postgres.js';
import { EmbeddedHolder, isRunning, queryOn } from '../../support/embedded-holder.js';

const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;
const CAP_DAC_READ_SEARCH = 4;
const SMALL = { shared_buffers: '16MB' };

describe('the bundled PostgreSQL', () => {
  let parent: string;
  let directory: string;
  const stops: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    parent = await realpath(await mkdtemp(join(tmpdir(), 'registry-db-')));
    await chmod(parent, 0o755);
    directory = join(parent, 'db');
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop().catch(() => undefined);
    // Whatever a killed process left running is taken over and stopped.
    if ((await stat(join(directory, 'cluster', 'postmaster.pid')).catch(() => undefined)) !== undefined) {
      await (await EmbeddedPostgres.start({ directory, mode: 'serve', log: () => undefined })).stop();
    }
    await rm(parent, { recursive: true, force: true });
  });

  async function start(mode: 'serve' | 'tool' = 'serve'): Promise<EmbeddedPostgres> {
    const embedded = await EmbeddedPostgres.start({ directory, mode, log: () => undefined, settings: SMALL });
    let isStopped = false;
    const stop = embedded.stop.bind(embedded);
    embedded.stop = async () => {
      if (isStopped) return;
      isStopped = true;
      await stop();
    };
    stops.push(() => embedded.stop());
    return embedded;
  }
  function hold(mode: 'serve' | 'tool' = 'serve', options = {}): EmbeddedHolder {
    const holder = new EmbeddedHolder(directory, mode, options);
    stops.push(() => holder.kill());
    return holder;
  }
  const remember = async (socket: string): Promise<void> => {
    await queryOn(socket, 'CREATE TABLE memory AS SELECT 42 AS answer');
  };
  const recall = (socket: string): Promise<unknown> => queryOn(socket, 'SELECT answer FROM memory');

  it('starts on an empty directory, keeps its data, and ends with the process that serves', async () => {
    const first = await start();
    await first.ensureDatabase('terraform_registry');
    await first.ensureDatabase('terraform_registry');
    await remember(first.socketDirectory);
    expect(await queryOn(first.socketDirectory, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
    expect((await stat(first.socketDirectory)).mode & 0o777).toBe(0o700);
    await first.stop();
    // The kernel may still be taking the ended process apart.
    await vi.waitFor(async () => expect(await isRunning(first.pid)).toBe(false));
    const second = await start();
    expect(await recall(second.socketDirectory)).toEqual([{ answer: 42 }]);
  });

  it('survives a kill -9 of the process, and the next one adopts it', async () => {
    const killed = hold();
    const { pid, socketDirectory } = await killed.report;
    await remember(socketDirectory);
    await killed.kill();
    expect(await isRunning(pid)).toBe(true);
    const next = await start();
    expect(next.pid).toBe(pid);
    expect(await recall(next.socketDirectory)).toEqual([{ answer: 42 }]);
  });

  it('is started again after a kill -9 of the server, within seconds', async () => {
    const killed = hold();
    const { pid, socketDirectory } = await killed.report;
    await remember(socketDirectory);
    await killed.kill();
    process.kill(pid, 'SIGKILL');
    const startedAt = Date.now();
    const next = await start();
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    expect(next.pid).not.toBe(pid);
    expect(await recall(next.socketDirectory)).toEqual([{ answer: 42 }]);
  });

  it('is started again while the registry runs', async () => {
    const embedded = await start();
    await remember(embedded.socketDirectory);
    const { pid } = embedded;
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(embedded.pid).not.toBe(pid), { timeout: 20_000, interval: 100 });
    expect(await recall(embedded.socketDirectory)).toEqual([{ answer: 42 }]);
  });

  it('is started although its old process id belongs to another program by now', async () => {
    const first = await start();
    await remember(first.socketDirectory);
    await first.stop();
    await writeFile(
      join(directory, 'cluster', 'postmaster.pid'),
      `${process.ppid}\n${directory}/cluster\n1\n5432\n`,
    );
    const next = await start();
    expect(await recall(next.socketDirectory)).toEqual([{ answer: 42 }]);
  });

  it('refuses a second serving process with a sentence that names the first', async () => {
    const first = hold();
    await first.report;
    const error: unknown = await start().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataDirectoryInUse);
    expect((error as Error).message).toBe(
      `The data directory ${directory} is already used by another registry process (pid ${first.pid}). ` +
        'Stop it, or choose another directory with TFR_DATABASE_URL=embedded:<directory>.',
    );
    await first.kill();
    await expect(start()).resolves.toBeInstanceOf(EmbeddedPostgres);
  });

  it('lets one of several processes win that start at the same moment', async () => {
    const holders = [hold(), hold(), hold()];
    const reports = await Promise.all(holders.map(({ report }) => report));
    expect(reports.filter(({ error }) => error === undefined)).toHaveLength(1);
    expect(reports.filter(({ error }) => error === 'DataDirectoryInUse')).toHaveLength(2);
    const winner = holders[reports.findIndex(({ error }) => error === undefined)];
    await winner?.stop();
    expect((await readdir(directory)).filter((name) => name.includes('unfinished'))).toEqual([]);
  });

  it('leaves nothing broken when it is killed while the files are made', async () => {
    for (const delayMs of [0, 150, 300]) {
      const killed = hold();
      await vi.waitFor(async () => expect((await readdir(directory)).join()).toContain('cluster'), {
        timeout: 20_000,
        interval: 5,
      });
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await killed.kill();
    }
    const next = await start();
    await remember(next.socketDirectory);
    expect((await readdir(directory)).filter((name) => name.includes('unfinished'))).toEqual([]);
  });

  describe('for a command', () => {
    it('is shared with the server that runs, and left running', async () => {
      const server = hold();
      const { pid } = await server.report;
      const tool = await start('tool');
      expect(tool.pid).toBe(pid);
      await tool.stop();
      expect(await isRunning(pid)).toBe(true);
      await server.stop();
      await vi.waitFor(async () => expect(await isRunning(pid)).toBe(false));
    });

    it('is stopped at the end by the last of the commands that needed it', async () => {
      const first = await start('tool');
      const second = hold('tool');
      expect((await second.report).pid).toBe(first.pid);
      await first.stop();
      expect(await isRunning(first.pid)).toBe(true);
      await second.stop();
      await vi.waitFor(async () => expect(await isRunning(first.pid)).toBe(false));
    });

    it('stays for a server that took it over meanwhile', async () => {
      const tool = await start('tool');
      const server = hold();
      expect((await server.report).pid).toBe(tool.pid);
      await tool.stop();
      expect(await isRunning(tool.pid)).toBe(true);
      await server.stop();
      await vi.waitFor(async () => expect(await isRunning(tool.pid)).toBe(false));
    });
  });

  it('moves the socket to the directory for temporary files when its path would be too long', async () => {
    directory = join(parent, 'a'.repeat(60), 'b'.repeat(40));
    const killed = hold();
    const { socketDirectory } = await killed.report;
    expect(socketDirectory.startsWith(tmpdir())).toBe(true);
    expect(Buffer.byteLength(`${socketDirectory}/.s.PGSQL.5432`)).toBeLessThan(100);
    await remember(socketDirectory);
    await killed.kill();
    const next = await start();
    expect(next.socketDirectory).toBe(socketDirectory);
    await next.stop();
    expect(await stat(socketDirectory).catch(() => 'gone')).toBe('gone');
  });

  it.runIf(IS_ROOT)('runs as an ordinary user when the registry is one', async () => {
    await mkdir(directory);
    await chown(directory, NOBODY, NOBODY);
    const ordinary = hold('serve', { uid: NOBODY, gid: NOBODY });
    const { pid, socketDirectory, message } = await ordinary.report;
    expect(message).toBeUndefined();
    await remember(socketDirectory);
    expect((await stat(`/proc/${pid}`)).uid).toBe(NOBODY);
    expect((await stat(join(directory, 'cluster'))).uid).toBe(NOBODY);
    await ordinary.stop();
    const asRoot = await start();
    expect(await recall(asRoot.socketDirectory)).toEqual([{ answer: 42 }]);
  });

  it.runIf(IS_ROOT)('runs as another user than root, even below a directory of root alone', async () => {
    await chmod(parent, 0o700);
    if (!(await mayReadEverything())) {
      await expect(start()).rejects.toThrow(
        `the user it would run as (uid ${NOBODY}) cannot enter ${directory}`,
      );
      return;
    }
    const embedded = await start();
    await remember(embedded.socketDirectory);
    const status = await readFile(`/proc/${embedded.pid}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\\s+${NOBODY}\\s`, 'm'));
    expect(status).toMatch(
      new RegExp(`^CapEff:\\s+${CAP_DAC_READ_SEARCH.toString(16).padStart(16, '0')}$`, 'm'),
    );
  });

  it.runIf(IS_ROOT)('says whose the database is when another user may not use it', async () => {
    await (await start()).stop();
    await chown(join(directory, 'cluster'), 12_345, 12_345);
    for (const name of await readdir(directory)) await chmod(join(directory, name), 0o777);
    await chmod(directory, 0o777);
    const report = await hold('serve', { uid: NOBODY, gid: NOBODY }).report;
    expect(report.error).toBe(EmbeddedPostgresFailed.name);
    expect(report.message).toContain('belongs to another user (uid 12345)');
    await chown(join(directory, 'cluster'), NOBODY, NOBODY);
  });

  it.runIf(IS_ROOT)('says that a user without a name cannot make a database', async () => {
    await mkdir(directory);
    await chown(directory, 54_321, 54_321);
    const report = await hold('serve', { uid: 54_321, gid: 54_321 }).report;
    expect(report.message).toContain('uid 54321 has no entry in /etc/passwd');
  });
});

/** Containers often run root without this capability. */
async function mayReadEverything(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = /^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return (BigInt(`0x${effective}`) & BigInt(CAP_DAC_READ_SEARCH)) !== 0n;
}
