import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { StorageConfig } from '../../../src/config/storage.config.js';
import { SystemClock } from '../../../src/kernel/clock.js';
import { sha256Hex } from '../../../src/kernel/sha256.js';
import { ModuleAddress } from '../../../src/kernel/terraform/module-address.js';
import { SignedLink } from '../../../src/platform/crypto/signed-link.js';
import { StatementCounter } from '../../../src/platform/database/statement-counter.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { TempFiles } from '../../../src/platform/temp-files/temp-files.js';
import { ArtifactKey } from '../../../src/storage/artifact-key.js';
import { ArtifactStore, type StagedArtifact } from '../../../src/storage/artifact-store.service.js';
import { BlobInspector } from '../../../src/storage/blob-inspector.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { createObjectStore } from '../../../src/storage/object-store-factory.js';
import { OrphanSweep } from '../../../src/storage/orphan-sweep.service.js';
import { ArtifactAuditRepository } from '../../../src/storage/persistence/artifact-audit.repository.js';
import { ArtifactDeletionEntity } from '../../../src/storage/persistence/artifact-deletion.entity.js';
import { ArtifactReferencesRepository } from '../../../src/storage/persistence/artifact-references.repository.js';
import { ArtifactSweepRepository } from '../../../src/storage/persistence/artifact-sweep.repository.js';
import { ArtifactEntity } from '../../../src/storage/persistence/artifact.entity.js';
import { ArtifactsRepository } from '../../../src/storage/persistence/artifacts.repository.js';
import { VerifyStorage } from '../../../src/storage/verify-storage.service.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

/** The services of storage on a database and a directory of their own. */
export class StorageFixture {
  readonly counter = new StatementCounter();
  readonly config = new StorageConfig();
  readonly links = new SignedLink(['test-only signing secret of the storage specs']);
  transactions: Transactions;
  objects: ObjectStore;
  store: ArtifactStore;
  sweep: OrphanSweep;
  verify: VerifyStorage;
  tempFiles: TempFiles;
  dataSource: DataSource;
  private moduleId: string;
  private versions = 0;

  private constructor(
    readonly directory: string,
    private readonly database: TestDatabase,
  ) {}

  static async start(): Promise<StorageFixture> {
    const directory = await mkdtemp(join(tmpdir(), 'storage-'));
    const fixture = new StorageFixture(directory, await createTestDatabase());
    await fixture.wire();
    return fixture;
  }

  async stop(): Promise<void> {
    await this.database.drop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Where the object of `key` is on disk. */
  fileOf(key: ArtifactKey): string {
    return join(this.config.localBasePath, key.path);
  }

  /** The key of a module archive with this content. */
  keyOf(content: string, name = 'vpc'): ArtifactKey {
    const address = ModuleAddress.parse({ namespace: 'acme', name, system: 'aws' });
    return ArtifactKey.module(sha256Hex(content), address, '1.0.0');
  }

  /** Stages content as an upload does: a spooled file that is removed afterwards. */
  async stage(content: string): Promise<StagedArtifact> {
    const spool = await this.tempFiles.create('upload');
    try {
      await writeFile(spool.file('part'), content);
      return await this.store.stage(this.keyOf(content), { path: spool.file('part'), size: content.length });
    } finally {
      await spool.remove();
    }
  }

  /** Makes a version that refers to a staged artifact, as publishing does, and returns its id. */
  async reference(staged: StagedArtifact): Promise<string> {
    return this.transactions.run(async () => {
      await this.store.commit(staged);
      const version = `0.0.${++this.versions}`;
      const [row] = await this.sql<{ id: string }>(
        `INSERT INTO module_versions (module_id, version, sort_key, state, artifact_id, digest, size_bytes, filename)
         VALUES ($1, $2, $2, 'active', $3, $4, $5, $6) RETURNING id`,
        [this.moduleId, version, staged.id, staged.key.digest, staged.size, staged.key.filename],
      );
      return row!.id;
    });
  }

  async publish(content: string): Promise<{ key: ArtifactKey; artifactId: string; versionId: string }> {
    const staged = await this.stage(content);
    return { key: staged.key, artifactId: staged.id, versionId: await this.reference(staged) };
  }

  /** Turns a version into a tombstone: its artifact is let go. */
  async bury(versionId: string): Promise<void> {
    await this.sql(`UPDATE module_versions SET state = 'deleted', artifact_id = NULL WHERE id = $1`, [
      versionId,
    ]);
  }

  /** Makes everything in the database look this much older. */
  async age(ms: number): Promise<void> {
    const earlier = (column: string) => `${column} = ${column} - make_interval(secs => ${ms / 1000})`;
    await this.sql(`UPDATE artifacts SET ${earlier('staged_at')}, ${earlier('doomed_at')}`);
    await this.sql(`UPDATE artifact_deletions SET ${earlier('started_at')}`);
  }

  /** Runs a statement in the surrounding transaction, if there is one. */
  async sql<T = Record<string, unknown>>(statement: string, parameters: unknown[] = []): Promise<T[]> {
    return Transactions.managerOf(this.dataSource).query<T[]>(statement, parameters);
  }

  async states(): Promise<string[]> {
    const rows = await this.sql<{ state: string }>('SELECT state FROM artifacts ORDER BY key');
    return rows.map(({ state }) => state);
  }

  async paths(): Promise<string[]> {
    const found: string[] = [];
    for await (const { path } of this.objects.list('')) found.push(path);
    return found;
  }

  private async wire(): Promise<void> {
    Object.assign(this.config, {
      localBasePath: join(this.directory, 'storage'),
      tempDir: join(this.directory, 'storage', '.staging'),
    });
    this.dataSource = await this.database.open([ArtifactEntity, ArtifactDeletionEntity], this.counter);
    const references = new ArtifactReferencesRepository(this.dataSource);
    const artifacts = new ArtifactsRepository(this.dataSource);
    const sweeping = new ArtifactSweepRepository(this.dataSource, references);
    const auditing = new ArtifactAuditRepository(this.dataSource, references);
    this.transactions = new Transactions(this.dataSource);
    this.objects = createObjectStore(this.config);
    this.tempFiles = new TempFiles(this.config);
    this.store = new ArtifactStore(artifacts, this.objects, this.links, this.config, new SystemClock());
    this.sweep = new OrphanSweep(sweeping, this.objects, this.transactions, this.tempFiles, this.config);
    const inspector = new BlobInspector(this.objects);
    this.verify = new VerifyStorage(auditing, this.objects, inspector, this.tempFiles, this.config);
    const [organization] = await this.sql<{ id: string }>(
      `INSERT INTO organizations (name, display_name) VALUES ('acme', 'Acme') RETURNING id`,
    );
    const [row] = await this.sql<{ id: string }>(
      `INSERT INTO registry_modules (organization_id, namespace, name, system) VALUES ($1, 'acme', 'vpc', 'aws') RETURNING id`,
      [organization!.id],
    );
    this.moduleId = row!.id;
  }
}
