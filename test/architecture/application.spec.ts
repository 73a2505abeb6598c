import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource, getMetadataArgsStorage } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTE_ACCESS } from '../../src/access/route-access.decorator.js';
import { createApp } from '../../src/bootstrap.js';
import { Job } from '../../src/platform/jobs/job.js';
import { JobRegistry } from '../../src/platform/jobs/job-registry.js';
import { testConfig } from '../support/app-config.js';
import type { TestConfig } from '../support/app-config.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { productFiles } from '../support/source-tree.js';

/** Tables that are written with SQL of their own: the list of migrations, heartbeats of workers, token buckets. */
const TABLES_WITHOUT_ENTITY = ['schema_migrations', 'job_heartbeats', 'rate_limit_buckets'];

/** Constraints and indexes are named and kept in migrations alone; entities say what the columns are. */
const LEFT_TO_MIGRATIONS = /^(ALTER TABLE \S+ DROP CONSTRAINT|DROP INDEX) /;

/** Loads the files whose path matches and gives what they export. */
async function exportsOf(pattern: RegExp): Promise<unknown[]> {
  const paths = productFiles()
    .map((file) => file.path)
    .filter((path) => pattern.test(path));
  const loaded = await Promise.all(
    paths.map((path) => import(/* @vite-ignore */ `../../${path}`) as Promise<object>),
  );
  return loaded.flatMap((module) => Object.values(module));
}

const isClass = (value: unknown): value is Function =>
  typeof value === 'function' && /^class\b/.test(String(value));
const namesOf = (classes: Iterable<Function>): string[] => [...classes].map((one) => one.name).sort();

/** The methods of a controller that answer requests. */
function handlersOf(controller: Function): Function[] {
  const prototype = controller.prototype as Record<string, unknown>;
  return Object.getOwnPropertyNames(prototype)
    .filter((name) => name !== 'constructor')
    .map((name) => prototype[name])
    .filter(
      (handler): handler is Function => typeof handler === 'function' && Reflect.hasMetadata('path', handler),
    );
}

describe('the application', () => {
  let database: TestDatabase;
  let settings: TestConfig;
  let app: NestFastifyApplication;

  beforeAll(async () => {
    database = await createTestDatabase();
    settings = testConfig(database.url, { DEV_MODE: 'true' });
    app = await createApp(settings.config);
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
    settings?.remove();
  });

  const wiredControllers = (): Function[] =>
    [...app.get(ModulesContainer).values()].flatMap((module) =>
      [...module.controllers.values()].map((wrapper) => wrapper.metatype as Function),
    );

  it('has every controller of the source in it', async () => {
    const written = (await exportsOf(/\.(?:controller|page)\.ts$/)).filter(isClass);
    const wired = wiredControllers().filter((one) => handlersOf(one).length > 0);
    expect(written.length).toBeGreaterThan(5);
    expect(namesOf(wired)).toEqual(namesOf(written));
  });

  it('has access metadata on every handler that it serves', () => {
    const served = wiredControllers().flatMap((one) => handlersOf(one).map((handler) => ({ one, handler })));
    const undeclared = served.filter(
      ({ one, handler }) => ![handler, one].some((target) => Reflect.hasMetadata(ROUTE_ACCESS, target)),
    );
    expect(served.length).toBeGreaterThan(15);
    expect(undeclared.map(({ one, handler }) => `${one.name}.${handler.name}`)).toEqual([]);
  });

  it('has every job of the source registered', async () => {
    const written = (await exportsOf(/\/jobs\/.*\.job\.ts$/))
      .filter(isClass)
      .filter((one) => one.prototype instanceof Job);
    const registered = app
      .get(JobRegistry, { strict: false })
      .list()
      .map((job) => job.constructor);
    expect(written.length).toBeGreaterThan(0);
    expect(namesOf(registered)).toEqual(namesOf(written));
  });

  it('knows every entity of the source', async () => {
    await exportsOf(/\.entity\.ts$/);
    const written = getMetadataArgsStorage().tables.map((table) => table.target as Function);
    const known = app.get(DataSource).entityMetadatas.map((metadata) => metadata.target as Function);
    expect(written.length).toBeGreaterThan(5);
    expect(namesOf(known)).toEqual(namesOf(written));
  });

  it('has entities with exactly the columns that the migrations make', async () => {
    const { upQueries } = await app.get(DataSource).driver.createSchemaBuilder().log();
    const statements = upQueries.map((query) => query.query);
    expect(statements.filter((statement) => !LEFT_TO_MIGRATIONS.test(statement))).toEqual([]);
  });

  it('knows constraints and indexes by the names that they have in the database', async () => {
    const rows: { name: string }[] = await app
      .get(DataSource)
      .query('SELECT conname AS name FROM pg_constraint UNION SELECT relname FROM pg_class');
    const existing = new Set(rows.map((row) => row.name));
    const used = productFiles().flatMap((file) => [...file.text.matchAll(/'((?:uq|fk|ck|pk|ix)_[a-z_]+)'/g)]);
    expect(used.length).toBeGreaterThan(2);
    expect(used.map((match) => match[1]!).filter((name) => !existing.has(name))).toEqual([]);
  });

  it('has an entity for every table that the migrations make', async () => {
    const rows: { table_name: string }[] = await app.get(DataSource).query(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'
           AND table_name NOT IN (SELECT relname FROM pg_class WHERE relispartition)`,
    );
    const tables = rows.map((row) => row.table_name).filter((name) => !TABLES_WITHOUT_ENTITY.includes(name));
    const entities = app.get(DataSource).entityMetadatas.map((metadata) => metadata.tableName);
    expect(tables.sort()).toEqual(entities.sort());
  });
});
