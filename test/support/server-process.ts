import { spawn } from 'node:child_process';
import type { ChildProcess, Serializable } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testOnlyRegistryKey } from './factories/registry-key.factory.js';
import { freePorts } from './free-port.js';
import { storeKey } from './process-key.js';
import { request } from './http-request.js';
import type { TestTls } from './tls.js';

const ROOT = resolve(import.meta.dirname, '..', '..');
const DEFAULT_DIST = join(ROOT, 'dist');
/** Compiled code that all processes of all tests share: most of a short life is its start. */
const COMPILE_CACHE = join(ROOT, 'node_modules', '.cache', 'terraform-registry');

/** How to start a registry; everything has a default. */
export interface RegistryOptions {
  /** The `dist` folder to run; the production build when absent. */
  dist?: string;
  /** Serve TLS with this certificate. */
  tls?: TestTls;
  /** Address that clients use, e.g. that of a proxy in front; its own when absent. */
  publicUrl?: string;
  env?: Record<string, string>;
  /** Options for Node itself, e.g. `--import=…`. */
  nodeOptions?: string[];
  /** Give the process a channel for `ask`. */
  ipc?: boolean;
  readyWithinMs?: number;
}

/** The end of a command of the admin CLI. */
export interface CommandResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

/**
 * The built registry as a process of its own in a temporary directory, with the bundled PostgreSQL unless
 * `env` names another one. Nothing of the environment of the tests reaches it, except PATH. (The demo runs
 * this file without a compiler: no TypeScript here that needs more than its types taken away.)
 */
export class RegistryProcess {
  readonly directory = mkdtempSync(join(tmpdir(), 'tfr-e2e-'));
  /** Everything the process wrote so far, of all its lives. */
  output = '';
  readonly port: number;
  readonly metricsPort: number;
  private readonly options: RegistryOptions;
  private child: ChildProcess | undefined;

  private constructor(options: RegistryOptions, port: number, metricsPort: number) {
    this.options = options;
    this.port = port;
    this.metricsPort = metricsPort;
    chmodSync(this.directory, 0o755);
  }

  /** Starts a registry and waits until `/ready` says so. */
  static async start(options: RegistryOptions = {}): Promise<RegistryProcess> {
    const registry = await RegistryProcess.prepare(options);
    try {
      await registry.launch();
    } catch (error) {
      await registry.dispose();
      throw error;
    }
    return registry;
  }

  /** A registry that is not running yet. */
  static async prepare(options: RegistryOptions = {}): Promise<RegistryProcess> {
    const [port, metricsPort] = await freePorts(2);
    // With the bundled PostgreSQL it makes a key of its own, as for most people; elsewhere that is only work.
    const isGivenKey = options.env?.['TFR_DATABASE_URL'] !== undefined;
    const key: Record<string, string> = isGivenKey
      ? { TFR_PUBLISHING_SIGNING_KEY: await testOnlyRegistryKey() }
      : {};
    return new RegistryProcess({ ...options, env: { ...key, ...options.env } }, port!, metricsPort!);
  }

  /** Its own address, also behind a proxy. */
  get url(): string {
    return `${this.options.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  get publicUrl(): string {
    return this.options.publicUrl ?? this.url;
  }

  /** Where it keeps blobs. */
  get storagePath(): string {
    return this.options.env?.['TFR_STORAGE_LOCAL_BASE_PATH'] ?? join(this.directory, 'storage');
  }

  /** There while its bundled PostgreSQL runs. */
  get databasePidFile(): string {
    return join(this.directory, 'data', 'db', 'cluster', 'postmaster.pid');
  }

  get ca(): string | undefined {
    return this.options.tls?.ca;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts the process (again, in the same directory and on the same port) and waits until it is ready. */
  async launch(more: { env?: Record<string, string> } = {}): Promise<void> {
    const { nodeOptions = [], ipc } = this.options;
    const child = spawn(process.execPath, [...nodeOptions, join(this.dist, 'src', 'main.js')], {
      cwd: this.directory,
      env: { ...this.env, ...more.env },
      stdio: ['ignore', 'pipe', 'pipe', ipc ? 'ipc' : 'ignore'],
    });
    this.child = child;
    const remember = (chunk: Buffer): string =>
      (this.output = (this.output + chunk.toString()).slice(-200_000));
    child.stdout?.on('data', remember);
    child.stderr?.on('data', remember);
    await this.waitUntilReady();
  }

  /** Sends a message over the channel and gives the reply to it. */
  ask(message: Serializable): Promise<unknown> {
    const reply = this.nextMessage();
    this.child!.send(message);
    return reply;
  }

  /** What it says next over the channel. */
  nextMessage(): Promise<unknown> {
    return new Promise((done) => this.child!.once('message', done));
  }

  async waitUntilReady(): Promise<void> {
    const deadline = Date.now() + (this.options.readyWithinMs ?? 45_000);
    while (Date.now() < deadline) {
      if (!this.isRunning) throw new Error(`The registry ended (${this.ending()}):\n${this.output}`);
      const answer = await request(`${this.url}/ready`, { ca: this.ca, timeoutMs: 5_000 }).catch(
        () => undefined,
      );
      if (answer?.status === 200) return;
      await sleep(50);
    }
    throw new Error(`The registry was not ready in time:\n${this.output}`);
  }

  /** Runs a command of the admin CLI in the same directory and environment. */
  command(...args: string[]): Promise<CommandResult> {
    return new Promise((done, fail) => {
      const path = join(this.dist, 'src', 'cli.js');
      const child = spawn(process.execPath, [path, ...args], {
        cwd: this.directory,
        env: this.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', fail);
      child.on('close', (status) => done({ status, stdout, stderr }));
    });
  }

  /** Makes an API key: with the CLI command where only the process knows its database. */
  async createKey(scopes = 'modules:write,providers:write'): Promise<string> {
    const { TFR_DATABASE_URL: databaseUrl, ENCRYPTION_KEY: encryptionKey } = this.env;
    if (databaseUrl !== undefined && encryptionKey !== undefined) {
      return storeKey({ databaseUrl, encryptionKey }, scopes);
    }
    const result = await this.command('keys', 'create', '--name', 'ci', '--scopes', scopes);
    const key = /^tfr_[\w-]{43}$/m.exec(result.stdout)?.[0];
    if (result.status !== 0 || key === undefined) {
      throw new Error(`keys create failed (${result.status}):\n${result.stdout}${result.stderr}`);
    }
    return key;
  }

  /** Ends the process with a signal and waits for its end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<string> {
    const child = this.child;
    if (child && this.isRunning) {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill(signal);
      const late = setTimeout(() => child.kill('SIGKILL'), 40_000);
      await ended;
      clearTimeout(late);
    }
    return this.ending();
  }

  /** `kill -9`: the bundled PostgreSQL stays behind, as after a crash. */
  async kill(): Promise<void> {
    await this.stop('SIGKILL');
  }

  /** Waits for the end of a process that ends by itself. */
  async ended(): Promise<string> {
    const child = this.child;
    if (child && this.isRunning) await new Promise((done) => child.once('exit', done));
    return this.ending();
  }

  /** Stops everything and removes the directory. */
  async dispose(): Promise<void> {
    await this.stop();
    await this.endDatabase();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  private get dist(): string {
    return this.options.dist ?? DEFAULT_DIST;
  }

  private get env(): Record<string, string> {
    const { tls, env } = this.options;
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.directory,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      TFR_SERVER_HOST: '127.0.0.1',
      TFR_SERVER_PORT: String(this.port),
      TFR_SERVER_BASE_URL: this.publicUrl,
      TFR_TELEMETRY_METRICS_PROMETHEUS_PORT: String(this.metricsPort),
      TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
      TFR_STORAGE_LOCAL_BASE_PATH: this.storagePath,
      TFR_DOCUMENTATION_AT_PUBLISH: 'false',
      ...(tls && {
        TFR_SECURITY_TLS_ENABLED: 'true',
        TFR_SECURITY_TLS_CERT_FILE: tls.certFile,
        TFR_SECURITY_TLS_KEY_FILE: tls.keyFile,
      }),
      ...env,
    };
  }

  private ending(): string {
    return this.child?.signalCode ?? String(this.child?.exitCode ?? 'not started');
  }

  /** A killed registry leaves its PostgreSQL running; it is known by the pid file in our own directory. */
  private async endDatabase(): Promise<void> {
    const pidFile = join(this.directory, 'data', 'db', 'cluster', 'postmaster.pid');
    for (let attempt = 0; attempt < 100 && existsSync(pidFile); attempt += 1) {
      const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
      try {
        if (attempt % 50 === 0) process.kill(pid, 'SIGQUIT');
        else process.kill(pid, 0);
      } catch {
        return;
      }
      await sleep(50);
    }
  }
}
