import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { sha256Hex } from '../../../src/kernel/sha256.js';
import type { BackendSettings } from '../../../src/storage/domain/backend-settings.js';
import type { StorageMigration } from '../../../src/storage/domain/storage-migration.js';
import { OrphanSweep } from '../../../src/storage/orphan-sweep.service.js';
import { StorageConfigurationStore } from '../../../src/storage/storage-configuration-store.service.js';
import { StorageMigrationRunner } from '../../../src/storage/storage-migration-runner.service.js';
import type { RunResult } from '../../../src/storage/storage-migration-work.js';
import {
  type MigrationProgress,
  StorageMigrationReports,
} from '../../../src/storage/storage-migration-reports.service.js';
import { StorageMigrations } from '../../../src/storage/storage-migrations.service.js';
import { VerifyStorage } from '../../../src/storage/verify-storage.service.js';
import { aModule, moduleApiPath, moduleProtocolPath } from '../../support/factories/module.factory.js';
import { aProvider } from '../../support/factories/provider.factory.js';
import { largeArchive } from '../../support/large-archive.js';
import { TestApp, type TestSettings } from '../../support/test-app.js';

/** Something that was published: where its bytes are asked for, and what they must be. */
export interface PublishedObject {
  readonly digest: string;
  /** The link that a client was given when it was published. */
  readonly link: string;
  /** Asks one of the processes for a link. */
  readonly askAgain: (app?: TestApp) => Promise<string>;
  readonly remove: () => Promise<void>;
}

/** The source is `local`, the target a stored configuration; no job runs unless the test runs it. */
export class MigrationFixture {
  private readonly directories: string[] = [];
  private readonly replicas: TestApp[] = [];

  private constructor(
    readonly app: TestApp,
    /** Name of the target. */
    readonly target: string,
    /** Where the target is, when it is a directory. */
    readonly targetDirectory: string,
  ) {}

  static async start(settings: TestSettings = {}, backend?: BackendSettings): Promise<MigrationFixture> {
    const environment = {
      TFR_WORKER_MODE: 'web',
      TFR_STORAGE_LOCAL_SHARED: 'true',
      TFR_WORKER_LEASE: '3s',
      ...settings,
    };
    const app = await TestApp.start(environment);
    const directory = await mkdtemp(join(tmpdir(), 'tfr-target-'));
    const target = backend ?? { type: 'local', basePath: directory, serveDirectly: true };
    const { id } = await app.get(StorageConfigurationStore).add(target, { isActive: false, createdBy: null });
    const fixture = new MigrationFixture(app, id, directory);
    fixture.directories.push(directory);
    return fixture;
  }

  /** Takes away what was published, so that nothing of it can be left behind. */
  async stop(): Promise<void> {
    for (const replica of this.replicas) await replica.stop();
    await this.app.query('TRUNCATE artifacts CASCADE');
    await this.app.query(`SELECT graphile_worker.remove_job('migrate-storage')`);
    for (const directory of [this.app.config.storage.localBasePath, this.targetDirectory]) {
      await rm(join(directory, 'blobs'), { recursive: true, force: true });
    }
    await this.app.stop();
    for (const directory of this.directories) await rm(directory, { recursive: true, force: true });
  }

  /** One more process on the same database and storages. */
  async replica(): Promise<TestApp> {
    const replica = await this.app.another();
    this.replicas.push(replica);
    return replica;
  }

  async publishModule(name?: string): Promise<PublishedObject> {
    const module = aModule({ archive: largeArchive(), ...(name !== undefined && { name }) });
    expect((await this.app.publishModule(module)).status).toBe(201);
    const askAgain = async (app = this.app): Promise<string> => {
      const path = `${moduleProtocolPath(module)}/${module.version}/download`;
      return String((await app.request(path, { lean: true })).headers['x-terraform-get']);
    };
    const remove = async (): Promise<void> => {
      const path = moduleApiPath(module);
      const answer = await this.app.request(path, { method: 'DELETE', key: this.app.publisherKey });
      expect(answer.status).toBe(200);
    };
    return { digest: sha256Hex(module.archive), link: await askAgain(), askAgain, remove };
  }

  async publishProvider(): Promise<PublishedObject> {
    const provider = aProvider();
    expect((await this.app.publishProvider(provider)).status).toBe(201);
    const path = `/v1/providers/acme/${provider.type}/${provider.version}/download/linux/amd64`;
    const askAgain = async (app = this.app): Promise<string> =>
      String((await app.request(path, { lean: true })).json()['download_url']);
    const remove = async (): Promise<void> => {
      const api = `/api/v1/providers/acme/${provider.type}`;
      const answer = await this.app.request(api, { method: 'DELETE', key: this.app.publisherKey });
      expect(answer.status).toBe(200);
    };
    return { digest: sha256Hex(provider.file), link: await askAgain(), askAgain, remove };
  }

  /** Three objects of modules and four of one provider. */
  async publishSome(): Promise<PublishedObject[]> {
    const modules = [await this.publishModule(), await this.publishModule(), await this.publishModule()];
    return [...modules, await this.publishProvider()];
  }

  /** The bytes behind old and new links are the right ones. */
  async expectReadable(published: readonly PublishedObject[], app = this.app): Promise<void> {
    for (const { link, askAgain, digest } of published) {
      for (const url of [link, await askAgain()]) {
        const answer = await app.fetchLink(url);
        expect({ status: answer.status, digest: sha256Hex(answer.body) }).toEqual({ status: 200, digest });
      }
    }
  }

  /** From now on new objects go into the target. */
  async activateTarget(): Promise<void> {
    await this.app.get(StorageConfigurationStore).activate(this.target);
  }

  migrations(): StorageMigrations {
    return this.app.get(StorageMigrations);
  }

  progress(id: string): Promise<MigrationProgress> {
    return this.app.get(StorageMigrationReports).get(id);
  }

  begin(readsBack = true): Promise<StorageMigration> {
    return this.migrations().start({ source: 'local', target: this.target, readsBack, createdBy: null });
  }

  /** One run of the worker. */
  runOnce(app = this.app, signal = new AbortController().signal): Promise<RunResult | undefined> {
    return app.get(StorageMigrationRunner).run(signal);
  }

  /** Runs until the migration has ended; what it would wait for is due at once. */
  async runToEnd(): Promise<void> {
    for (let run = 0; run < 60; run += 1) {
      await this.letTimePass();
      if ((await this.runOnce()) === 'ended') return;
    }
    throw new Error('The migration does not end');
  }

  /** Whatever is waited for is due. */
  async letTimePass(): Promise<void> {
    await this.app.query('UPDATE storage_migrations SET wait_until = now()');
    await this.app.query(
      'UPDATE storage_migration_failures SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL',
    );
  }

  async moveEverything(readsBack = true): Promise<MigrationProgress> {
    const { id } = await this.begin(readsBack);
    await this.runToEnd();
    return this.progress(id);
  }

  /** The rows of a storage by state. */
  async rowsIn(storage: string): Promise<Record<string, number>> {
    const rows = await this.app.query<{ state: string; count: number }>(
      `SELECT state, count(*)::int AS count FROM artifacts WHERE storage = $1 GROUP BY state`,
      [storage],
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  /** Removes what nothing refers to, without any grace. */
  async sweep(): Promise<void> {
    for (let pass = 0; pass < 2; pass += 1) {
      await this.app.get(OrphanSweep).run({ graceMs: 0, takeOverMs: 0 });
    }
  }

  /** Everything is in the target, the sweep leaves nothing in the source, and an audit finds nothing wrong. */
  async expectEverythingMoved(published: readonly PublishedObject[]): Promise<void> {
    await this.expectReadable(published);
    await this.sweep();
    expect(await this.rowsIn('local')).toEqual({});
    expect(await filesBelow(join(this.app.config.storage.localBasePath, 'blobs'))).toEqual([]);
    await this.expectReadable(published);
    expect((await this.app.get(VerifyStorage).run()).findings).toEqual([]);
  }

  /** Where the source keeps the object with this digest. */
  async sourceFile(digest: string): Promise<string> {
    return this.fileOf('local', this.app.config.storage.localBasePath, digest);
  }

  async fileOf(storage: string, directory: string, digest: string): Promise<string> {
    const [row] = await this.app.query<{ key: string }>(
      'SELECT key FROM artifacts WHERE storage = $1 AND digest = $2',
      [storage, digest],
    );
    return join(directory, row!.key);
  }
}

/** The paths of all files below a directory. */
export async function filesBelow(directory: string): Promise<string[]> {
  if (!existsSync(directory)) return [];
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Changes a byte of a stored file behind the back of the registry. */
export async function damage(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length - 1]! ^= 1;
  await rm(file);
  await writeFile(file, bytes);
}
