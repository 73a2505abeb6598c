import { spawn } from 'node:child_process';
import {
  closeSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { EmbeddedPostgresFailed } from './database.errors.js';
import type { EmbeddedPostgresAccount } from './embedded-postgres-account.js';

const POLL_MS = 50;
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** Where the server of one cluster listens; the name is that of the superuser made by initdb. */
export const SUPERUSER = 'registry';
export const SOCKET_PORT = 5432;

/** How a postmaster is started. */
export interface PostmasterStart {
  readonly program: string;
  readonly account: EmbeddedPostgresAccount;
  readonly socketDirectory: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** The main process of the PostgreSQL that runs on one cluster directory, whoever started it. */
export class Postmaster {
  private constructor(
    private readonly clusterDirectory: string,
    readonly pid: number,
    readonly socketDirectory: string,
  ) {}

  /** The postmaster that runs on a cluster now; a process that merely has the same pid is not one. */
  static running(clusterDirectory: string): Postmaster | undefined {
    const found = readPidFile(clusterDirectory);
    if (!found || !isPostmaster(found.pid, clusterDirectory)) return undefined;
    return new Postmaster(clusterDirectory, found.pid, found.socketDirectory);
  }

  /**
   * Starts a postmaster that outlives this process, and waits until it answers. Children of a killed postmaster
   * may hold its shared memory for a while: those starts are repeated until `timeoutMs` is over.
   */
  static async start(
    clusterDirectory: string,
    start: PostmasterStart,
    timeoutMs: number,
  ): Promise<Postmaster> {
    const deadline = Date.now() + timeoutMs;
    const log = join(clusterDirectory, '..', 'postgres.log');
    for (;;) {
      removeMisleadingPidFile(clusterDirectory);
      const logged = openLog(log);
      const ended = spawnDetached(clusterDirectory, start, logged.descriptor);
      const postmaster = await Postmaster.appearing(clusterDirectory, ended, deadline);
      if (postmaster) {
        await postmaster.waitUntilReady(deadline);
        return postmaster;
      }
      const text = readFileSync(log, 'utf8').slice(logged.offset);
      if (!/shared memory block|lock file/.test(text) || Date.now() > deadline) {
        throw new EmbeddedPostgresFailed(
          `The bundled PostgreSQL did not start: ${lastComplaint(text)} See ${log}.`,
        );
      }
      await sleep(200);
    }
  }

  /** Waits until the server takes connections; throws EmbeddedPostgresFailed after the deadline (epoch ms). */
  async waitUntilReady(deadline: number): Promise<void> {
    for (;;) {
      try {
        await this.query('postgres', 'SELECT 1');
        return;
      } catch (error) {
        if (!this.isAlive || Date.now() > deadline) {
          throw new EmbeddedPostgresFailed(
            'The bundled PostgreSQL runs but does not answer. See postgres.log in its data directory.',
            {},
            { cause: error },
          );
        }
      }
      await sleep(POLL_MS);
    }
  }

  /** Runs one statement on its own connection. */
  async query(database: string, statement: string, values: unknown[] = []): Promise<unknown[]> {
    const client = new pg.Client({
      host: this.socketDirectory,
      port: SOCKET_PORT,
      user: SUPERUSER,
      database,
      ssl: false,
      connectionTimeoutMillis: 5000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(statement, values)).rows as unknown[];
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Whether the process still runs on this cluster. */
  get isAlive(): boolean {
    return isPostmaster(this.pid, this.clusterDirectory);
  }

  /** Ends all sessions and the server (fast shutdown); after `timeoutMs` without waiting for a checkpoint. */
  async stop(timeoutMs: number): Promise<void> {
    this.signal('SIGINT');
    const deadline = Date.now() + timeoutMs;
    while (this.isAlive) {
      if (Date.now() > deadline) return this.signal('SIGQUIT');
      await sleep(20);
    }
  }

  private signal(signal: NodeJS.Signals): void {
    try {
      process.kill(this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  private static async appearing(
    clusterDirectory: string,
    ended: { readonly now: boolean },
    deadline: number,
  ): Promise<Postmaster | undefined> {
    while (!ended.now && Date.now() < deadline) {
      const postmaster = Postmaster.running(clusterDirectory);
      if (postmaster?.socketDirectory) return postmaster;
      await sleep(10);
    }
    return undefined;
  }
}

function spawnDetached(
  clusterDirectory: string,
  start: PostmasterStart,
  log: number,
): { readonly now: boolean } {
  const settings = Object.entries(start.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const args = [
    '-D',
    clusterDirectory,
    '-k',
    start.socketDirectory,
    '-h',
    '',
    '-p',
    String(SOCKET_PORT),
    ...settings,
  ];
  const { command, args: all, options } = start.account.launch(start.program, args);
  const ended = { now: false };
  // Detached, so that Ctrl-C in a terminal reaches this process only, and the server outlives a kill -9.
  const child = spawn(command, all, { ...options, cwd: '/', detached: true, stdio: ['ignore', log, log] });
  child.on('exit', () => (ended.now = true));
  child.on('error', () => (ended.now = true));
  child.unref();
  closeSync(log);
  return ended;
}

function openLog(path: string): { descriptor: number; offset: number } {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) truncateSync(path);
  return { descriptor: openSync(path, 'a', 0o600), offset: size > MAX_LOG_BYTES ? 0 : size };
}

function lastComplaint(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const complaint = lines.findLast((line) => /FATAL|PANIC|error/i.test(line)) ?? lines.at(-1) ?? 'no message';
  return complaint.replace(/^.*?(FATAL|PANIC):\s*/, '');
}

function readPidFile(clusterDirectory: string): { pid: number; socketDirectory: string } | undefined {
  try {
    const lines = readFileSync(join(clusterDirectory, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number.parseInt(lines[0] ?? '', 10);
    return pid ? { pid, socketDirectory: lines[4] ?? '' } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * A pid file whose pid belongs to another program by now would stop PostgreSQL from starting. One whose pid is
 * gone stays: PostgreSQL itself checks what the killed server left behind.
 */
function removeMisleadingPidFile(clusterDirectory: string): void {
  const found = readPidFile(clusterDirectory);
  if (!found || !processExists(found.pid) || isPostmaster(found.pid, clusterDirectory)) return;
  rmSync(join(clusterDirectory, 'postmaster.pid'), { force: true });
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isPostmaster(pid: number, clusterDirectory: string): boolean {
  if (!processExists(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    // A zombie, whose parent has not collected it yet, has no working directory any more.
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(clusterDirectory);
  } catch (error) {
    return (
      (error as NodeJS.ErrnoException).code === 'EACCES' &&
      readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres'
    );
  }
}
