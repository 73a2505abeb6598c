import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigModule } from '../../../src/config/config.module.js';
import { AppConfig } from '../../../src/config/app-config.js';
import { connectionSettings } from '../../../src/platform/database/connection-settings.js';
import { SchemaNotMigrated, SchemaTooNew } from '../../../src/platform/database/database.errors.js';
import { DatabaseModule } from '../../../src/platform/database/database.module.js';
import { MIGRATIONS } from '../../../src/platform/database/migrations-list.js';
import { Migrator } from '../../../src/platform/database/migrator.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { JobQueue } from '../../../src/platform/jobs/job-queue.js';
import { migrateJobs } from '../../../src/platform/jobs/job-schema.js';
import { JobsModule } from '../../../src/platform/jobs/jobs.module.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { schemaSnapshot } from '../../support/schema-snapshot.js';
import { outcomeOf, spawnTypescript } from '../../support/typescript-process.js';

const NAMES = MIGRATIONS.map(({ name }) => name);

describe('migrations', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase({ empty: true });
  });
  afterEach(() => database.drop());

  async function openMigrator(): Promise<{ dataSource: DataSource; migrator: Migrator }> {
    const dataSource = await database.open();
    return {
      dataSource,
      migrator: new Migrator(dataSource, connectionSettings(database.config), [migrateJobs]),
    };
  }

  it('go up, all the way down, and up again to the same schema', async () => {
    const { dataSource, migrator } = await openMigrator();
    expect(await migrator.up()).toEqual(NAMES);
    const first = await schemaSnapshot(dataSource);
    expect(first.length).toBeGreaterThan(100);
    for (const name of [...NAMES].reverse()) expect(await migrator.down()).toBe(name);
    expect(await migrator.down()).toBeUndefined();
    expect(await schemaSnapshot(dataSource)).toEqual([]);
    expect(await migrator.up()).toEqual(NAMES);
    expect(await schemaSnapshot(dataSource)).toEqual(first);
    expect(await migrator.up()).toEqual([]);
  });

  it('say what is applied and what is not', async () => {
    const { migrator } = await openMigrator();
    expect(await migrator.status()).toEqual(NAMES.map((name) => ({ name, isApplied: false })));
    await migrator.up();
    await migrator.down();
    expect((await migrator.status()).map(({ isApplied }) => isApplied)).toEqual(
      NAMES.map((_, i) => i < NAMES.length - 1),
    );
    await expect(migrator.assertCurrent()).rejects.toBeInstanceOf(SchemaNotMigrated);
  });

  it('are applied once when five replicas start on an empty database', async () => {
    const replicas = Array.from({ length: 5 }, () => spawnTypescript('migrating-process.ts', [database.url]));
    const results = await Promise.all(replicas.map(outcomeOf));
    expect(results.map(({ code, errors }) => ({ code, errors }))).toEqual(
      replicas.map(() => ({ code: 0, errors: '' })),
    );
    expect(results.map(({ output }) => output).sort()).toEqual([
      JSON.stringify(NAMES),
      '[]',
      '[]',
      '[]',
      '[]',
    ]);
    const dataSource = await database.open();
    const rows = (await dataSource.query('SELECT name FROM schema_migrations ORDER BY id')) as {
      name: string;
    }[];
    expect(rows.map(({ name }) => name)).toEqual(NAMES);
    expect(await dataSource.query('SELECT count(*)::int AS n FROM role_templates')).toEqual([{ n: 8 }]);
  });

  it('are applied once when five replicas race in one process', async () => {
    const migrators = await Promise.all(Array.from({ length: 5 }, () => openMigrator()));
    const applied = await Promise.all(migrators.map(({ migrator }) => migrator.up()));
    expect(applied.filter(({ length }) => length > 0)).toEqual([NAMES]);
  });

  it('leave nothing behind when one fails', async () => {
    const { dataSource, migrator } = await openMigrator();
    await dataSource.query('CREATE TABLE folded_download_spools (mine text)');
    await expect(migrator.up()).rejects.toThrow('already exists');
    expect((await schemaSnapshot(dataSource)).filter((line) => !line.includes('folded'))).toEqual([]);
    await dataSource.query('DROP TABLE folded_download_spools');
    expect(await migrator.up()).toEqual(NAMES);
  });

  it('are refused on a database that a newer version of the registry has changed', async () => {
    const { dataSource, migrator } = await openMigrator();
    await migrator.up();
    await dataSource.query(
      `INSERT INTO schema_migrations (timestamp, name) VALUES (9, 'FromTheFuture20991231235959')`,
    );
    for (const method of ['up', 'down', 'status', 'assertCurrent'] as const) {
      const error: unknown = await migrator[method]().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(SchemaTooNew);
      expect((error as Error).message).toContain('FromTheFuture20991231235959');
    }
  });

  it('wait for another process longer than a statement may take', async () => {
    const { dataSource, migrator } = await openMigrator();
    const impatient = Object.assign(database.config, { statementTimeoutMs: 200 });
    const waiting = new Migrator(await database.open(), connectionSettings(impatient));
    await dataSource.query(`CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.02); END $$`);
    await dataSource.query('CREATE EVENT TRIGGER slow ON ddl_command_end EXECUTE FUNCTION slow()');
    const [first, second] = await Promise.all([migrator.up(), waiting.up()]);
    expect([...first, ...second]).toEqual(NAMES);
  });

  it('run when the application starts, and a schema that lags is refused when that is switched off', async () => {
    @Module({})
    class NoFeature {}
    const start = async (autoMigrate: boolean) => {
      const config = Object.assign(new AppConfig(), {
        database: Object.assign(database.config, { autoMigrate }),
      });
      const imports = [
        ConfigModule.forRoot(config),
        DatabaseModule.forRoot([], { mode: 'tool', libraries: [migrateJobs] }),
        JobsModule,
        NoFeature,
      ];
      const testing = await Test.createTestingModule({ imports }).compile();
      testing.useLogger(false);
      return testing.init();
    };
    await expect(start(false)).rejects.toBeInstanceOf(SchemaNotMigrated);
    const app = await start(true);
    try {
      expect(app.get(Transactions).isActive).toBe(false);
      await app.get(JobQueue).enqueue('anything');
      expect(await app.get(DataSource).query('SELECT 1 FROM graphile_worker.jobs')).toHaveLength(1);
    } finally {
      await app.close();
    }
    await (await start(false)).close();
  });
});
