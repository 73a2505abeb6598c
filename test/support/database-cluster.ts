import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { DatabaseConfig } from '../../src/config/database.config.js';
import { DatabaseConnection } from '../../src/platform/database/database-connection.js';
import { EmbeddedPostgres } from '../../src/platform/database/embedded-postgres.js';
import { migrateJobs } from '../../src/platform/jobs/job-schema.js';

/** Where the databases of a test run live. */
export interface TestCluster {
  readonly socketDirectory: string;
  readonly port: number;
  readonly user: string;
  readonly template: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    databaseCluster: TestCluster;
  }
}

interface SharedCluster {
  users: number;
  readonly started: Promise<{ cluster: TestCluster; stop: () => Promise<void> }>;
}

/** Every Vitest project runs this file by itself, in one process: they share one cluster through this key. */
const SHARED = Symbol.for('terraform-registry.test-cluster');
const shared = globalThis as unknown as { [SHARED]?: SharedCluster };

/** Vitest global setup: one PostgreSQL for the whole run, with a migrated template database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const mine = (shared[SHARED] ??= { users: 0, started: startCluster() });
  mine.users += 1;
  const { cluster, stop } = await mine.started;
  project.provide('databaseCluster', cluster);
  return async () => {
    mine.users -= 1;
    if (mine.users > 0) return;
    shared[SHARED] = undefined;
    await stop();
  };
}

async function startCluster(): Promise<{ cluster: TestCluster; stop: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'registry-tests-'));
  const embedded = await EmbeddedPostgres.start({
    directory,
    mode: 'serve',
    log: () => undefined,
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '400',
      shared_buffers: '64MB',
    },
  });
  const stop = async (): Promise<void> => {
    await embedded.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const { socketDirectory, port, user } = embedded;
    const cluster = { socketDirectory, port, user, template: 'migrated' };
    await embedded.ensureDatabase(cluster.template);
    await migrateTemplate(cluster);
    return { cluster, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function migrateTemplate(cluster: TestCluster): Promise<void> {
  const config = Object.assign(new DatabaseConfig(), {
    host: cluster.socketDirectory,
    port: cluster.port,
    user: cluster.user,
    name: cluster.template,
    sslMode: 'disable',
  });
  const options = { entities: [], mode: 'tool', log: () => undefined, libraries: [migrateJobs] } as const;
  const connection = await DatabaseConnection.open(config, { ...options, entities: [] });
  await connection.migrator.up();
  await connection.close();
}
