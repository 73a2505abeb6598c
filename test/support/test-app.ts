import { Agent } from 'node:http';
import { readdir } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { expect } from 'vitest';
import { ApiKeys } from '../../src/auth/api-keys.service.js';
import { type RunningServer, startServer } from '../../src/bootstrap.js';
import { AppConfig } from '../../src/config/app-config.js';
import { ServerConfig } from '../../src/config/server.config.js';
import { TelemetryConfig } from '../../src/config/telemetry.config.js';
import { AppLogger } from '../../src/platform/logging/logger.js';
import { TempFiles } from '../../src/platform/temp-files/temp-files.js';
import { type TestConfig, testConfig } from './app-config.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { testOnlyRegistryKey } from './factories/registry-key.factory.js';
import { type Answer, request, type RequestOptions } from './http-request.js';
import * as client from './publish-client.js';
import { compareStorage } from './storage-oracle.js';
import './typescript-workers.js';

/** The address clients are told; `fetchLink` knows how to get there. */
const PUBLIC_ORIGIN = 'http://registry.test';

/** Settings by their environment names, e.g. `TFR_AUTH_ANONYMOUS_READ: 'false'`. */
export type TestSettings = Readonly<Record<string, string>>;

/** A request to the application; `key` becomes the bearer credential, `lean` asks as a CLI does. */
export interface AppRequest extends RequestOptions {
  readonly key?: string;
  readonly lean?: boolean;
  readonly json?: unknown;
}

interface SharedState {
  readonly database: TestDatabase;
  readonly dataSource: DataSource;
  readonly settings: TestConfig;
  processes: number;
}

/**
 * The whole application, listening on a free port of the loopback interface, with a database and a storage
 * folder of its own. Ask for one per file and `stop` it at the end: that fails when something was left behind.
 */
export class TestApp {
  readonly url: string;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256 });

  private constructor(
    readonly server: RunningServer,
    readonly config: AppConfig,
    private readonly shared: SharedState,
    private readonly lines: readonly string[],
    /** A key that may publish everything, of the default organization. */
    readonly publisherKey: string,
  ) {
    this.url = `http://127.0.0.1:${server.port}`;
  }

  static async start(environment: TestSettings = {}): Promise<TestApp> {
    const database = await createTestDatabase();
    const settings = testConfig(database.url, await withTestDefaults(environment));
    const shared = { database, dataSource: await database.open(), settings, processes: 0 };
    try {
      return await TestApp.startProcess(shared);
    } catch (error) {
      settings.remove();
      await database.drop();
      throw error;
    }
  }

  /** One more process on the same database, storage and secrets; stop it before this one. */
  another(): Promise<TestApp> {
    return TestApp.startProcess(this.shared);
  }

  private static async startProcess(shared: SharedState): Promise<TestApp> {
    const config = onFreePorts(shared.settings.config);
    const lines: string[] = [];
    const logger = new AppLogger(config.logging, { write: (line) => void lines.push(line) });
    const server = await startServer(config, { logger });
    shared.processes += 1;
    const keys = server.app.get(ApiKeys, { strict: false });
    const { key } = await keys.issue({ name: 'ci', scopes: ['modules:write', 'providers:write'] });
    return new TestApp(server, config, shared, lines, key);
  }

  /** A service of the application. */
  get<T>(type: abstract new (...args: never[]) => T): T {
    return this.server.app.get(type as never, { strict: false });
  }

  /** Issues an API key; without an organization it acts in the default one. */
  async issueKey(scopes: string, organizationId?: string): Promise<string> {
    const issued = await this.get(ApiKeys).issue({ name: 'ci', scopes: scopes.split(','), organizationId });
    return issued.key;
  }

  /** Stores an organization, and gives its id. */
  async addOrganization(name: string, visibility: 'private' | 'public' | null = null): Promise<string> {
    const [row] = await this.query<{ id: string }>(
      'INSERT INTO organizations (name, display_name, visibility) VALUES ($1, $1, $2) RETURNING id',
      [name, visibility],
    );
    return row!.id;
  }

  /** Looks into the database without the application. */
  query<Row>(statement: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.shared.dataSource.query(statement, parameters);
  }

  /** What this process has logged so far, line by line. */
  logged(): readonly string[] {
    return this.lines;
  }

  /** One request to a path of the application. */
  request(path: string, { key, lean, json, ...options }: AppRequest = {}): Promise<Answer> {
    const headers = {
      ...(lean && { 'x-terraform-version': '1.11.4' }),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    };
    const body = json === undefined ? options.body : JSON.stringify(json);
    return request(`${this.url}${path}`, { agent: this.agent, ...options, headers, body });
  }

  /** Follows an absolute link of this application, which names the public address. */
  fetchLink(link: string, options: AppRequest = {}): Promise<Answer> {
    if (!link.startsWith(`${PUBLIC_ORIGIN}/`)) throw new Error(`Not a link of this application: ${link}`);
    return this.request(link.slice(PUBLIC_ORIGIN.length), options);
  }

  publishModule(module: client.ModulePublish, key = this.publisherKey): Promise<Answer> {
    return client.publishModule(this.caller(key), module);
  }

  publishProvider(provider: client.ProviderPublish, key = this.publisherKey): Promise<Answer> {
    return client.publishProvider(this.caller(key), provider);
  }

  publishRelease(release: client.ReleasePublish, key = this.publisherKey): Promise<Answer> {
    return client.publishRelease(this.caller(key), release);
  }

  /** Any form, parts in the given order. */
  postForm(path: string, parts: readonly client.FormPart[], key?: string): Promise<Answer> {
    return client.postForm(this.caller(key), path, parts);
  }

  /** The value of a metric with these labels, 0 when it was never counted. */
  async metric(name: string, labels: Readonly<Record<string, string>>): Promise<number> {
    const answer = await request(`http://127.0.0.1:${this.server.metricsPort}/metrics`);
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const line = answer.body
      .toString()
      .split('\n')
      .find((one) => one.startsWith(`${name}{`) && wanted.every((pair) => one.includes(pair)));
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
  }

  /**
   * Stops the process; the last one removes database and files. Fails when uploads, temporary files or jobs
   * were left, when rows and blobs disagree, or when the application logged an error.
   */
  async stop(): Promise<void> {
    const { shared } = this;
    const problems: string[] = [];
    try {
      const temporary = this.get(TempFiles);
      this.agent.destroy();
      await this.server.stop();
      if (temporary.inUse > 0) problems.push('an upload directory is still in use');
      problems.push(...this.lines.filter(isMishap));
      shared.processes -= 1;
      if (shared.processes === 0) problems.push(...(await this.leftovers()));
    } finally {
      if (shared.processes === 0) {
        await shared.database.drop();
        shared.settings.remove();
      }
    }
    expect(problems, 'what the application left behind').toEqual([]);
  }

  private caller(key: string | undefined): client.PublishCall {
    return { url: this.url, key, agent: this.agent };
  }

  private async leftovers(): Promise<string[]> {
    const { storage } = this.config;
    const spooled = await readdir(storage.tempDir, { recursive: true, withFileTypes: true }).catch(() => []);
    const jobs = await this.query<{ task: string; key: string | null; last_error: string | null }>(
      `SELECT task_identifier AS task, key, last_error FROM graphile_worker.jobs
       WHERE last_error IS NOT NULL OR task_identifier NOT IN
         ('analyze-module-version', 'list-provider', 'reanalyze-modules', 'reevaluate-mirrored-providers')`,
    );
    const { danglingRows, orphanBlobs, openDeletions } = await compareStorage(
      this.shared.database.url,
      storage.localBasePath,
    );
    return [
      ...spooled.filter((entry) => entry.isFile()).map((entry) => `temporary file ${entry.name}`),
      ...jobs.filter((job) => job.last_error !== null).map((job) => `job ${job.task}: ${job.last_error}`),
      ...jobs.filter((job) => !job.key?.startsWith('tick:')).map((job) => `job ${job.task} is waiting`),
      ...danglingRows.map((key) => `row without its bytes: ${key}`),
      ...orphanBlobs.map((key) => `blob without a row: ${key}`),
      ...openDeletions.map((key) => `unfinished deletion: ${key}`),
    ];
  }
}

/** Every error in the log except the record of a request that was answered with 502 or 503, which a test may want. */
function isMishap(line: string): boolean {
  const { level, msg, status } = JSON.parse(line) as { level: string; msg?: string; status?: number };
  return ['error', 'fatal'].includes(level) && !(msg === 'request' && (status === 502 || status === 503));
}

async function withTestDefaults(environment: TestSettings): Promise<Record<string, string>> {
  return {
    TFR_SERVER_HOST: '127.0.0.1',
    TFR_SERVER_BASE_URL: PUBLIC_ORIGIN,
    TFR_SERVER_HOST_ALIASES: '127.0.0.1',
    TFR_TELEMETRY_METRICS_ENABLED: 'true',
    TFR_DATABASE_MAX_CONNECTIONS: '10',
    TFR_UPLOADS_MAX_CONCURRENT: '64',
    TFR_PUBLISHING_SIGNING_KEY: await testOnlyRegistryKey(),
    TFR_WORKER_CONCURRENCY: '1',
    TFR_DOCUMENTATION_AT_PUBLISH: 'false',
    TFR_MIRROR_PROCESSOR_SHARE: '100',
    TFR_LOGGING_FORMAT: 'json',
    TFR_LOGGING_LEVEL: 'warn',
    ...environment,
  };
}

/** Port 0 is nothing an operator may configure. */
function onFreePorts(config: AppConfig): AppConfig {
  return Object.assign(new AppConfig(), config, {
    server: Object.assign(new ServerConfig(), config.server, { port: 0 }),
    telemetry: Object.assign(new TelemetryConfig(), config.telemetry, {
      metricsPort: 0,
      metricsHost: '127.0.0.1',
    }),
  });
}
