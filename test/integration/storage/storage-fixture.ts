import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { AuditLog } from '../../../src/audit/audit-log.service.js';
import { AuditChainEntity } from '../../../src/audit/persistence/audit-chain.entity.js';
import { AuditChainsRepository } from '../../../src/audit/persistence/audit-chains.repository.js';
import { AuditEntryEntity } from '../../../src/audit/persistence/audit-entry.entity.js';
import { AuditConfig } from '../../../src/config/audit.config.js';
import { StorageScrubConfig } from '../../../src/config/storage-scrub.config.js';
import { StorageConfig } from '../../../src/config/storage.config.js';
import { WorkerConfig } from '../../../src/config/worker.config.js';
import { sha256Hex } from '../../../src/kernel/sha256.js';
import { ModuleAddress } from '../../../src/kernel/terraform/module-address.js';
import { CacheInvalidation } from '../../../src/platform/cache/cache-invalidation.js';
import { StatementCounter } from '../../../src/platform/database/statement-counter.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { Metrics } from '../../../src/platform/metrics/metrics.js';
import { TempFiles } from '../../../src/platform/temp-files/temp-files.js';
import { ArtifactKey } from '../../../src/storage/artifact-key.js';
import { ArtifactLocations } from '../../../src/storage/artifact-locations.service.js';
import { ArtifactStore, type StagedArtifact } from '../../../src/storage/artifact-store.service.js';
import { DamagedArtifacts } from '../../../src/storage/damaged-artifacts.service.js';
import type { Artifact } from '../../../src/storage/domain/artifact.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { ObjectStores } from '../../../src/storage/object-stores.service.js';
import { OrphanSweep } from '../../../src/storage/orphan-sweep.service.js';
import { SweepTools } from '../../../src/storage/sweep-tools.js';
import { ArtifactAuditRepository } from '../../../src/storage/persistence/artifact-audit.repository.js';
import { ArtifactDeletionEntity } from '../../../src/storage/persistence/artifact-deletion.entity.js';
import { ArtifactReferencesRepository } from '../../../src/storage/persistence/artifact-references.repository.js';
import { ArtifactSweepRepository } from '../../../src/storage/persistence/artifact-sweep.repository.js';
import { ArtifactEntity } from '../../../src/storage/persistence/artifact.entity.js';
import { ArtifactsRepository } from '../../../src/storage/persistence/artifacts.repository.js';
import { RepairMarkersRepository } from '../../../src/storage/persistence/repair-markers.repository.js';
import { ScrubArtifactsRepository } from '../../../src/storage/persistence/scrub-artifacts.repository.js';
import { ScrubCyclesRepository } from '../../../src/storage/persistence/scrub-cycles.repository.js';
import { StorageEpochEntity } from '../../../src/storage/persistence/storage-epoch.entity.js';
import { StorageEpochsRepository } from '../../../src/storage/persistence/storage-epochs.repository.js';
import { StorageNamesRepository } from '../../../src/storage/persistence/storage-names.repository.js';
import { StorageScrubEntity } from '../../../src/storage/persistence/storage-scrub.entity.js';
import { RepairSources } from '../../../src/storage/repair-sources.js';
import { ScrubChecks } from '../../../src/storage/scrub-checks.js';
import { ScrubRecords } from '../../../src/storage/scrub-records.service.js';
import { ScrubRepair } from '../../../src/storage/scrub-repair.service.js';
import { ScrubReplacements } from '../../../src/storage/scrub-replacements.service.js';
import { ScrubTools } from '../../../src/storage/scrub-tools.js';
import { ScrubStorage } from '../../../src/storage/scrub-storage.service.js';
import { StorageEpochs } from '../../../src/storage/storage-epochs.service.js';
import { StoragesInUse } from '../../../src/storage/storages-in-use.service.js';
import { SweepConfirmation } from '../../../src/storage/sweep-confirmation.service.js';
import { VerifyStorage } from '../../../src/storage/verify-storage.service.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { KnownTestStorages } from './known-test-storages.js';

/** The services of storage on a database and a directory of their own. */
export class StorageFixture {
  readonly counter = new StatementCounter();
  readonly config = new StorageConfig();
  readonly scrubConfig = new StorageScrubConfig();
  readonly metrics = new Metrics(new Registry());
  readonly checks = new ScrubChecks();
  readonly sources = new RepairSources();
  readonly storages: KnownTestStorages;
  transactions: Transactions;
  /** The active storage, `local`. */
  objects: ObjectStore;
  stores: ObjectStores;
  inUse: StoragesInUse;
  store: ArtifactStore;
  sweep: OrphanSweep;
  confirmation: SweepConfirmation;
  verify: VerifyStorage;
  tempFiles: TempFiles;
  damaged: DamagedArtifacts;
  records: ScrubRecords;
  repair: ScrubRepair;
  scrub: ScrubStorage;
  cycles: ScrubCyclesRepository;
  /** A scrub of another process; it reads the settings as they are now. */
  newScrub: () => ScrubStorage;
  dataSource: DataSource;
  private moduleId: string;
  private versions = 0;

  private constructor(
    readonly directory: string,
    private readonly database: TestDatabase,
  ) {
    this.storages = new KnownTestStorages(join(directory, 'storage'));
  }

  static async start(): Promise<StorageFixture> {
    Logger.overrideLogger(false);
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
  async stage(content: string, storage = 'local'): Promise<StagedArtifact> {
    const spool = await this.tempFiles.create('upload');
    try {
      await writeFile(spool.file('part'), content);
      const file = { path: spool.file('part'), size: content.length };
      return await this.store.stage(this.keyOf(content), file, { storage });
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

  async publish(
    content: string,
    storage = 'local',
  ): Promise<{ key: ArtifactKey; artifactId: string; versionId: string }> {
    const staged = await this.stage(content, storage);
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
    await this.sql(`UPDATE storage_epochs SET ${earlier('began_at')}`);
  }

  /** Runs a statement in the surrounding transaction, if there is one. */
  async sql<T = Record<string, unknown>>(statement: string, parameters: unknown[] = []): Promise<T[]> {
    return Transactions.managerOf(this.dataSource).query<T[]>(statement, parameters);
  }

  async states(): Promise<string[]> {
    const rows = await this.sql<{ state: string }>('SELECT state FROM artifacts ORDER BY key');
    return rows.map(({ state }) => state);
  }

  /** The row of an artifact as it is now. */
  artifact(id: string): Promise<Artifact> {
    return this.dataSource.getRepository(ArtifactEntity).findOneByOrFail({ id });
  }

  /** The paths of all artifacts in the active storage. */
  async paths(): Promise<string[]> {
    const found: string[] = [];
    for await (const { path } of this.objects.list(ArtifactKey.root)) found.push(path);
    return found;
  }

  private async wire(): Promise<void> {
    Object.assign(this.config, {
      localBasePath: join(this.directory, 'storage'),
      tempDir: join(this.directory, 'storage', '.staging'),
    });
    this.dataSource = await this.database.open(ENTITIES, this.counter);
    this.transactions = new Transactions(this.dataSource);
    this.tempFiles = new TempFiles(this.config);
    this.stores = new ObjectStores(this.storages.settings, this.storages.factory);
    this.objects = (await this.stores.active()).store;
    const artifacts = new ArtifactsRepository(this.dataSource);
    const locations = new ArtifactLocations(artifacts, this.storages.settings, this.stores);
    const rows = new ScrubArtifactsRepository(this.dataSource);
    this.damaged = new DamagedArtifacts(rows, new CacheInvalidation(this.transactions));
    this.store = new ArtifactStore(artifacts, this.stores, locations, this.damaged);
    this.inUse = new StoragesInUse(new StorageNamesRepository(this.dataSource), this.storages.settings);
    this.wireSweep();
    this.wireScrub(rows);
    await this.addModule();
  }

  private wireSweep(): void {
    const { inUse, dataSource, stores, transactions, tempFiles, config } = this;
    const references = new ArtifactReferencesRepository(dataSource);
    const sweeping = new ArtifactSweepRepository(dataSource, references);
    const auditing = new ArtifactAuditRepository(dataSource, references);
    const epochRows = new StorageEpochsRepository(dataSource);
    const epochs = new StorageEpochs(epochRows);
    this.sweep = new OrphanSweep(
      inUse,
      stores,
      new SweepTools(sweeping, epochs, transactions),
      tempFiles,
      config,
    );
    this.confirmation = new SweepConfirmation(stores, epochs, epochRows, transactions, this.auditLog());
    this.verify = new VerifyStorage(inUse, stores, auditing, epochs, tempFiles, config);
  }

  private wireScrub(rows: ScrubArtifactsRepository): void {
    const { inUse, dataSource, stores, transactions, checks, metrics } = this;
    this.cycles = new ScrubCyclesRepository(dataSource);
    const markers = new RepairMarkersRepository(dataSource);
    const replacements = new ScrubReplacements(rows, stores, this.sources, this.tempFiles);
    this.records = new ScrubRecords(rows, this.damaged, transactions, this.auditLog());
    this.repair = new ScrubRepair(
      ...([rows, markers, replacements, checks, this.records, transactions] as const),
    );
    this.newScrub = () =>
      new ScrubStorage(
        inUse,
        stores,
        new ScrubTools(rows, this.cycles, checks, this.records, this.repair, metrics),
        this.scrubConfig,
        new WorkerConfig(),
      );
    this.scrub = this.newScrub();
  }

  private auditLog(): AuditLog {
    return new AuditLog(new AuditConfig(), new AuditChainsRepository(this.dataSource, this.transactions));
  }

  private async addModule(): Promise<void> {
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

const ENTITIES = [
  ArtifactEntity,
  ArtifactDeletionEntity,
  AuditChainEntity,
  AuditEntryEntity,
  StorageEpochEntity,
  StorageScrubEntity,
];
