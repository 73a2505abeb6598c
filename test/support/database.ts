import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { DatabaseConfig } from '../../src/config/database.config.js';
import { createDataSource } from '../../src/platform/database/data-source.js';
import type { StatementCounter } from '../../src/platform/database/statement-counter.js';

/** A PostgreSQL database of its own for one test file or one test. */
export interface TestDatabase {
  /** Settings that lead to it; `autoMigrate` is on, the pool is small. */
  readonly config: DatabaseConfig;
  /** The same as an address, for `TFR_DATABASE_URL` of a process. */
  readonly url: string;
  /** An initialized data source; closed by `drop`. */
  open(entities?: Function[], counter?: StatementCounter): Promise<DataSource>;
  /** Closes what `open` gave out and removes the database. */
  drop(): Promise<void>;
}

/** Makes a database with the current schema, or an empty one. Ask for one per file or test, and drop it at the end. */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const cluster = inject('databaseCluster');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${options.empty ? 'template0' : cluster.template}`);
  const config = Object.assign(new DatabaseConfig(), {
    host: cluster.socketDirectory,
    port: cluster.port,
    user: cluster.user,
    name,
    sslMode: 'disable' as const,
    maxConnections: 10,
    minIdleConnections: 0,
  });
  const opened: DataSource[] = [];
  return {
    config,
    url: `postgres://${cluster.user}@localhost:${cluster.port}/${name}?host=${encodeURIComponent(cluster.socketDirectory)}&sslmode=disable`,
    async open(entities = [], counter) {
      const dataSource = await createDataSource(config, entities, counter).initialize();
      opened.push(dataSource);
      return dataSource;
    },
    async drop() {
      await Promise.all(opened.filter((one) => one.isInitialized).map((one) => one.destroy()));
      await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** A template can be copied only while nobody is connected to it, and one copy at a time is made: hence the retry. */
async function administer(statement: string): Promise<void> {
  const { socketDirectory: host, port, user } = inject('databaseCluster');
  const client = new pg.Client({ host, port, user, database: 'postgres', ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await client.query(statement);
        return;
      } catch (error) {
        const isBusy = (error as { code?: string }).code === '55006';
        if (!isBusy || attempt === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  } finally {
    await client.end();
  }
}
