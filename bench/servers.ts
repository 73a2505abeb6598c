import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import type { EmbeddedPostgres } from '../src/platform/database/embedded-postgres.js';
import { DIST, PROJECT_ROOT, runScript } from '../test/support/build.js';
import { freePorts } from '../test/support/free-port.js';
import { request } from '../test/support/http-request.js';
import { memoryOptions } from './memory-options.js';

type EmbeddedPostgresModule = typeof import('../src/platform/database/embedded-postgres.js');

/** A process that answers HTTP on loopback. */
export interface MeasuredServer {
  readonly port: number;
  readonly pid: number;
}

/** Everything a benchmark runs on: a PostgreSQL beside the registry, the built registry, and raw servers. */
export class BenchServers {
  /** The working directory of the registry. */
  readonly directory = mkdtempSync(join(tmpdir(), 'tfr-bench-'));
  readonly database: EmbeddedPostgres;
  private readonly databaseDirectory: string;
  private readonly secrets = {
    ENCRYPTION_KEY: `base64:${randomBytes(32).toString('base64')}`,
    TFR_JWT_SECRET: randomBytes(48).toString('base64url'),
  };
  private readonly ports: readonly number[];
  private readonly raw: ChildProcess[] = [];
  private child: ChildProcess | undefined;
  /** Further settings of the registry, from its next start on. */
  extraEnvironment: Readonly<Record<string, string>> = {};

  private constructor(database: EmbeddedPostgres, databaseDirectory: string, ports: readonly number[]) {
    this.database = database;
    this.databaseDirectory = databaseDirectory;
    this.ports = ports;
  }

  /** Builds the product, starts PostgreSQL with its ordinary durability, and the registry. */
  static async start(): Promise<BenchServers> {
    runScript('build.mjs');
    const path = pathToFileURL(join(DIST, 'src/platform/database/embedded-postgres.js')).href;
    const built = (await import(path)) as EmbeddedPostgresModule;
    const directory = mkdtempSync(join(tmpdir(), 'tfr-bench-db-'));
    chmodSync(directory, 0o755);
    const database = await built.EmbeddedPostgres.start({ directory, mode: 'serve', log: () => undefined });
    await database.ensureDatabase('bench');
    const servers = new BenchServers(database, directory, await freePorts(2));
    await servers.startRegistry();
    return servers;
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports[0]}`;
  }

  get registry(): MeasuredServer {
    return { port: this.ports[0]!, pid: this.child?.pid ?? 0 };
  }

  /** Starts the registry process and returns the milliseconds until `isUp` was true. */
  async startRegistry(isUp: () => Promise<boolean> = () => this.isReady()): Promise<number> {
    const startedMs = performance.now();
    mkdirSync(join(this.directory, 'tmp'), { recursive: true });
    const child = spawn(process.execPath, [join(DIST, 'src/main.js')], {
      cwd: this.directory,
      env: this.environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.child = child;
    while (!(await isUp().catch(() => false))) {
      if (child.exitCode !== null) throw new Error(`The registry ended with status ${child.exitCode}`);
      if (performance.now() - startedMs > 60_000) throw new Error('The registry was not ready in time');
      await sleep(2);
    }
    return performance.now() - startedMs;
  }

  async stopRegistry(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child) await ended(child);
  }

  /** Runs a command of the admin CLI and returns what it printed. */
  command(...args: string[]): string {
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(DIST, 'src/cli.js'), ...args], {
      cwd: this.directory,
      env: this.environment,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`The command ${args.join(' ')} failed: ${stdout}${stderr}`);
    return stdout;
  }

  /** A raw `node:http` server that answers a Buffer of this size, or streams a file. */
  async startRaw(status: number, size: number, file?: string): Promise<MeasuredServer> {
    const script = resolve(import.meta.dirname, 'raw-server.ts');
    const child = spawn(process.execPath, [script, String(status), String(size), ...(file ? [file] : [])], {
      cwd: PROJECT_ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.raw.push(child);
    const port = await new Promise<number>((done, fail) => {
      child.stdout.once('data', (line: Buffer) => done(Number(line.toString())));
      child.once('exit', () => fail(new Error('The raw server did not start')));
    });
    return { port, pid: child.pid! };
  }

  /** A connection to the database of the registry. */
  async connectDatabase(): Promise<pg.Client> {
    const { socketDirectory: host, port, user } = this.database;
    const client = new pg.Client({ host, port, user, database: 'bench', ssl: false });
    await client.connect();
    return client;
  }

  /** Ends all processes and removes all files. */
  async stop(): Promise<void> {
    await this.stopRegistry();
    await Promise.all(this.raw.map(ended));
    await this.database.stop();
    rmSync(this.directory, { recursive: true, force: true });
    rmSync(this.databaseDirectory, { recursive: true, force: true });
  }

  private async isReady(): Promise<boolean> {
    return (await request(`${this.url}/ready`, { timeoutMs: 5_000 })).status === 200;
  }

  private get environment(): Record<string, string> {
    const { socketDirectory, port, user } = this.database;
    const host = encodeURIComponent(socketDirectory);
    return {
      ...this.secrets,
      PATH: process.env['PATH'] ?? '',
      HOME: this.directory,
      NODE_ENV: 'production',
      NODE_OPTIONS: memoryOptions(),
      TFR_SERVER_HOST: '127.0.0.1',
      TFR_SERVER_PORT: String(this.ports[0]),
      TFR_SERVER_BASE_URL: this.url,
      TFR_TELEMETRY_METRICS_PROMETHEUS_PORT: String(this.ports[1]),
      TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
      TFR_DATABASE_URL: `postgres://${user}@localhost:${port}/bench?host=${host}&sslmode=disable`,
      TFR_DATABASE_MAX_CONNECTIONS: '10',
      TFR_STORAGE_LOCAL_BASE_PATH: join(this.directory, 'storage'),
      TFR_STORAGE_TEMP_DIR: join(this.directory, 'tmp'),
      TFR_STORAGE_URL_TTL: '6h',
      ...this.extraEnvironment,
    };
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await exit;
  clearTimeout(late);
}
