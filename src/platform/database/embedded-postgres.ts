import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DataDirectoryLock } from './data-directory-lock.js';
import { EmbeddedPostgresAccount } from './embedded-postgres-account.js';
import { EmbeddedPostgresBinaries } from './embedded-postgres-binaries.js';
import {
  clusterDirectoryIn,
  ensureCluster,
  ensureSocketDirectory,
  removeForeignSocketDirectory,
} from './embedded-postgres-cluster.js';
import { Postmaster, SOCKET_PORT, SUPERUSER } from './postmaster.js';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const WATCH_INTERVAL_MS = 1000;
const CLUSTER_NAME = { serve: 'registry', tool: 'registry-tool' };

/** What is asked of the bundled PostgreSQL. */
export interface EmbeddedPostgresOptions {
  /** The data directory; made when missing. */
  readonly directory: string;
  /** `serve`: the one registry process of the directory. `tool`: a command that works beside it or alone. */
  readonly mode: 'serve' | 'tool';
  /** Told in one sentence what happens. */
  readonly log: (message: string) => void;
  /** Server settings, as for `postgres -c`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * The bundled PostgreSQL on one data directory. The server process outlives this process when it is killed; the
 * next start adopts it. Listens on a unix socket only, in a directory that no other user can enter.
 */
export class EmbeddedPostgres {
  readonly port = SOCKET_PORT;
  readonly user = SUPERUSER;
  private watch: NodeJS.Timeout | undefined;

  private constructor(
    private readonly options: EmbeddedPostgresOptions,
    private readonly directory: string,
    private postmaster: Postmaster,
    private readonly locks: DataDirectoryLock[],
  ) {}

  /**
   * Prepares the directory when it is empty, starts or adopts the server and waits until it answers.
   * Throws DataDirectoryInUse when another process serves from the directory, EmbeddedPostgresFailed otherwise.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    mkdirSync(options.directory, { recursive: true, mode: 0o755 });
    const directory = realpathSync(options.directory);
    const locks: DataDirectoryLock[] = [];
    try {
      if (options.mode === 'serve') locks.push(DataDirectoryLock.server(directory));
      const postmaster = await underStartLock(directory, async () => {
        const using = DataDirectoryLock.using(directory);
        if (using) locks.push(using);
        return runningPostmaster(directory, options);
      });
      const embedded = new EmbeddedPostgres(options, directory, postmaster, locks);
      if (options.mode === 'serve') embedded.keepRunning();
      return embedded;
    } catch (error) {
      for (const lock of locks) lock.release();
      throw error;
    }
  }

  /** The directory of the unix socket: the `host` of a connection. */
  get socketDirectory(): string {
    return this.postmaster.socketDirectory;
  }

  /** Process id of the PostgreSQL server. */
  get pid(): number {
    return this.postmaster.pid;
  }

  /** Makes a database of that name unless it exists. */
  async ensureDatabase(name: string): Promise<void> {
    const found = await this.postmaster.query('postgres', 'SELECT 1 FROM pg_database WHERE datname = $1', [
      name,
    ]);
    if (found.length > 0) return;
    try {
      await this.postmaster.query('postgres', `CREATE DATABASE "${name.replaceAll('"', '""')}"`);
    } catch (error) {
      // Two processes that start at the same moment may both want to make it.
      if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
    }
  }

  /**
   * Gives the directory back. A serving process stops the server. A tool stops it only when a tool had started
   * it and no other process uses it.
   */
  async stop(): Promise<void> {
    clearInterval(this.watch);
    await underStartLock(this.directory, async () => {
      for (const lock of this.locks) if (lock !== this.serverLock) lock.release();
      const unused = DataDirectoryLock.unused(this.directory);
      if (this.options.mode === 'serve' || (unused && this.wasStartedByTool)) await this.stopServer();
      unused?.release();
      this.serverLock?.release();
    });
  }

  private async stopServer(): Promise<void> {
    const running = Postmaster.running(clusterDirectoryIn(this.directory));
    await running?.stop(STOP_TIMEOUT_MS);
    removeForeignSocketDirectory(this.directory, this.socketDirectory);
  }

  private get serverLock(): DataDirectoryLock | undefined {
    return this.options.mode === 'serve' ? this.locks[0] : undefined;
  }

  private get wasStartedByTool(): boolean {
    const options = readFileSync(join(clusterDirectoryIn(this.directory), 'postmaster.opts'), 'utf8');
    return options.includes(`cluster_name=${CLUSTER_NAME.tool}`);
  }

  /** A server that was killed under a running registry is started again. */
  private keepRunning(): void {
    let isRestarting = false;
    this.watch = setInterval(() => {
      if (isRestarting || this.postmaster.isAlive) return;
      isRestarting = true;
      this.options.log('The bundled PostgreSQL has ended unexpectedly; starting it again.');
      underStartLock(this.directory, () => runningPostmaster(this.directory, this.options))
        .then((postmaster) => (this.postmaster = postmaster))
        .catch((error: unknown) => this.options.log(error instanceof Error ? error.message : String(error)))
        .finally(() => (isRestarting = false));
    }, WATCH_INTERVAL_MS);
    this.watch.unref();
  }
}

async function runningPostmaster(directory: string, options: EmbeddedPostgresOptions): Promise<Postmaster> {
  const cluster = clusterDirectoryIn(directory);
  const account = EmbeddedPostgresAccount.for(directory, cluster);
  const deadline = Date.now() + START_TIMEOUT_MS;
  const running = Postmaster.running(cluster);
  if (running && (await answers(running, deadline))) return running;
  const binaries = EmbeddedPostgresBinaries.locate(account, directory);
  await ensureCluster(directory, account, binaries.initdb);
  options.log(`Starting the bundled PostgreSQL in ${directory}.`);
  const start = {
    program: binaries.postgres,
    account,
    socketDirectory: ensureSocketDirectory(directory, account),
    settings: { cluster_name: CLUSTER_NAME[options.mode], log_checkpoints: 'off', ...options.settings },
  };
  return Postmaster.start(cluster, start, START_TIMEOUT_MS);
}

/** A server that was told to stop by a process killed meanwhile ends while it is waited for. */
async function answers(running: Postmaster, deadline: number): Promise<boolean> {
  try {
    await running.waitUntilReady(deadline);
    return true;
  } catch (error) {
    if (running.isAlive) throw error;
    return false;
  }
}

async function underStartLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const lock = await DataDirectoryLock.starting(directory, START_TIMEOUT_MS * 2);
  try {
    return await work();
  } finally {
    lock.release();
  }
}
