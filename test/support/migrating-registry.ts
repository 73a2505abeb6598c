import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { AppModule } from '../../src/app.module.js';
import { AppLogger } from '../../src/platform/logging/logger.js';
import { LoggingModule } from '../../src/platform/logging/logging.module.js';
import { OrphanSweep } from '../../src/storage/orphan-sweep.service.js';
import { environmentWithDatabase, testConfig } from './app-config.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { type Answer, request } from './http-request.js';
import { largeArchive } from './large-archive.js';
import { publishModule } from './publish-client.js';
import { RegistryProcess } from './server-process.js';
import { compareStorage, type StorageDisagreement } from './storage-oracle.js';

const MIGRATIONS = '/api/v1/storage/migrations';
const PUBLISHERS = 8;

/** A published module: its digest, and a link that was given out for it. */
export interface ServedModule {
  readonly name: string;
  readonly digest: string;
  readonly link: string;
}

/** A migration as the interface shows it. */
export interface ShownMigration {
  readonly id: string;
  readonly state: string;
  readonly source: string;
  readonly target: string;
  readonly total: { readonly objects: number };
  readonly copied: { readonly objects: number };
  readonly verified: { readonly objects: number };
  readonly failed: number;
  readonly errors: readonly object[];
}

class SweepTool {}

/** Built registries as processes of their own, on one database, with a second local storage to move objects to. */
export class MigratingRegistry {
  private constructor(
    readonly processes: readonly RegistryProcess[],
    private readonly database: TestDatabase,
    private readonly client: pg.Client,
    private readonly secrets: Record<string, string>,
    private readonly targetDirectory: string,
    private readonly adminKey: string,
    /** Name of the second storage. */
    readonly target: string,
  ) {}

  /** Starts one process for each environment; the first one publishes. */
  static async start(environments: readonly Record<string, string>[]): Promise<MigratingRegistry> {
    const database = await createTestDatabase();
    const targetDirectory = mkdtempSync(join(tmpdir(), 'tfr-target-'));
    const secrets = environmentWithDatabase(database.url);
    const processes: RegistryProcess[] = [];
    const client = new pg.Client({ connectionString: database.url });
    try {
      await client.connect();
      for (const [index, own] of environments.entries()) {
        const storage = processes[0] && { TFR_STORAGE_LOCAL_BASE_PATH: processes[0].storagePath };
        const env = { ...COMMON, ...secrets, ...storage, TFR_REPLICA_ID: `replica-${index}`, ...own };
        processes.push(await RegistryProcess.prepare({ env }));
      }
      for (const process of processes) await process.launch();
      const adminKey = await processes[0]!.createKey('admin,modules:write');
      const { rows } = await client.query<{ id: string }>(
        `INSERT INTO storage_configurations (backend_type, settings)
         VALUES ('local', jsonb_build_object('basePath', $1::text, 'serveDirectly', true)) RETURNING id`,
        [targetDirectory],
      );
      const parts = [processes, database, client, secrets, targetDirectory, adminKey, rows[0]!.id] as const;
      return new MigratingRegistry(...parts);
    } catch (error) {
      await stopAll(processes, client, database, targetDirectory);
      throw error;
    }
  }

  at(index: number): RegistryProcess {
    return this.processes[index]!;
  }

  /** Publishes modules of their own bytes. */
  async publish(count: number): Promise<ServedModule[]> {
    const names = Array.from({ length: count }, (_, index) => `module-${index}`);
    const rest = names.values();
    const served: ServedModule[] = [];
    const publisher = async (): Promise<void> => {
      for (const name of rest) {
        const archive = largeArchive();
        const call = { url: this.at(0).url, key: this.adminKey };
        const answer = await publishModule(call, { name, version: '1.0.0', archive });
        if (answer.status !== 201) throw new Error(`Publishing answered ${answer.status}`);
        const link = await this.linkOf(name, 0);
        served.push({ name, digest: createHash('sha256').update(archive).digest('hex'), link });
      }
    };
    await Promise.all(Array.from({ length: PUBLISHERS }, publisher));
    return served;
  }

  /** A new link to a module, of one of the processes. */
  async linkOf(name: string, index: number): Promise<string> {
    const path = `/v1/modules/myorg/${name}/aws/1.0.0/download`;
    const headers = { 'x-terraform-version': '1.11.4' };
    const answer = await request(`${this.at(index).url}${path}`, { headers });
    return String(answer.headers['x-terraform-get']);
  }

  /** What is wrong with the bytes that a process sends for a link; `undefined`: nothing. */
  async faultOf(module: ServedModule, link: string, index: number): Promise<string | undefined> {
    const { pathname, search } = new URL(link);
    const answer = await request(`${this.at(index).url}${pathname}${search}`);
    const digest = createHash('sha256').update(answer.body).digest('hex');
    if (answer.status === 200 && digest === module.digest) return undefined;
    return `${module.name}: ${answer.status} ${digest}`;
  }

  /** Starts a migration through the interface of a process. */
  async startMigration(source: string, target: string, index: number): Promise<ShownMigration> {
    const answer = await this.call(index, MIGRATIONS, { source, target });
    if (answer.status !== 201) throw new Error(`The migration answered ${answer.body.toString()}`);
    return answer.json<ShownMigration>();
  }

  async migration(id: string, index: number): Promise<ShownMigration> {
    return (await this.call(index, `${MIGRATIONS}/${id}`)).json<ShownMigration>();
  }

  /** Looks into the database without the registry. */
  async query<Row extends object>(statement: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.client.query<Row>(statement, values)).rows;
  }

  /** Dooms and removes at once what nothing refers to, as the server does it after its graces. */
  async sweep(): Promise<void> {
    const paths = { TFR_STORAGE_LOCAL_BASE_PATH: this.at(0).storagePath };
    const settings = testConfig(this.database.url, { ...this.secrets, ...paths });
    const logger = new AppLogger(settings.config.logging);
    const imports = [LoggingModule.forRoot(logger), AppModule.forRoot(settings.config, 'tool')];
    try {
      const app = await NestFactory.createApplicationContext({ module: SweepTool, imports }, { logger });
      try {
        const orphans = app.get(OrphanSweep, { strict: false });
        await orphans.run({ graceMs: 0, takeOverMs: 0 });
        await orphans.run({ graceMs: 0, takeOverMs: 0 });
      } finally {
        await app.close();
      }
    } finally {
      settings.remove();
    }
  }

  /** What does not fit between rows and files. */
  disagreement(): Promise<StorageDisagreement> {
    return compareStorage(this.database.url, this.at(0).storagePath);
  }

  /** Temporary files of migrations that are still there. */
  temporaryFiles(): string[] {
    return readdirSync(join(this.at(0).storagePath, '.staging')).filter((name) =>
      name.startsWith('migration.'),
    );
  }

  dispose(): Promise<void> {
    return stopAll(this.processes, this.client, this.database, this.targetDirectory);
  }

  private call(index: number, path: string, json?: object): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.adminKey}`, 'content-type': 'application/json' };
    const body = json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) };
    return request(`${this.at(index).url}${path}`, { headers, ...body });
  }
}

const COMMON = {
  TFR_SERVER_HOST_ALIASES: '127.0.0.1',
  TFR_DATABASE_MAX_CONNECTIONS: '10',
  TFR_WORKER_REPLICAS: '2',
  TFR_WORKER_LEASE: '2s',
  TFR_WORKER_POLL_INTERVAL: '100ms',
  TFR_STORAGE_LOCAL_SHARED: 'true',
  TFR_LOGGING_LEVEL: 'warn',
};

async function stopAll(
  processes: readonly RegistryProcess[],
  client: pg.Client,
  database: TestDatabase,
  directory: string,
): Promise<void> {
  for (const process of processes) await process.dispose();
  await client.end();
  await database.drop();
  rmSync(directory, { recursive: true, force: true });
}
