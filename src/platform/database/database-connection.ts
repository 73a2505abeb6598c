import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { DatabaseConfig } from '../../config/database.config.js';
import { type ConnectionSettings, connectionSettings, negotiatedConfig } from './connection-settings.js';
import { createDataSource } from './data-source.js';
import { DatabaseUnavailable } from './database.errors.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { type LibrarySchema, Migrator } from './migrator.js';
import { isTransient } from './pg-errors.js';
import { StatementCounter } from './statement-counter.js';

const RETRY_MS = 500;

/** How a process opens its database. */
export interface DatabaseOptions {
  /** Entity classes of all features. */
  readonly entities: Function[];
  /** `serve` for the server, `tool` for commands; matters for the bundled PostgreSQL only. */
  readonly mode: 'serve' | 'tool';
  /** Told in one sentence what the bundled PostgreSQL does. */
  readonly log: (message: string) => void;
  /** Schemas of libraries that are migrated with ours. */
  readonly libraries?: readonly LibrarySchema[];
  /** How long a server that is not up yet is waited for. */
  readonly connectWithinMs?: number;
}

/** The open database of a process: pool, migrations, further connections, and the bundled server if it is used. */
export class DatabaseConnection {
  private static readonly all = new Set<DatabaseConnection>();

  private constructor(
    readonly dataSource: DataSource,
    readonly settings: ConnectionSettings,
    readonly statements: StatementCounter,
    readonly migrator: Migrator,
    private readonly embedded: EmbeddedPostgres | undefined,
  ) {
    DatabaseConnection.all.add(this);
  }

  /**
   * Starts the bundled PostgreSQL when the settings name no server, and connects; migrates nothing. Throws
   * DatabaseUnavailable, DataDirectoryInUse, EmbeddedPostgresFailed.
   */
  static async open(config: DatabaseConfig, options: DatabaseOptions): Promise<DatabaseConnection> {
    const embedded = config.embeddedDirectory
      ? await EmbeddedPostgres.start({
          directory: config.embeddedDirectory,
          mode: options.mode,
          log: options.log,
        })
      : undefined;
    try {
      if (embedded) await embedded.ensureDatabase(config.name);
      const resolved = embedded ? embeddedConfig(config, embedded) : await negotiatedConfig(config);
      const counter = new StatementCounter();
      const dataSource = createDataSource(resolved, options.entities, counter);
      await connected(dataSource, options.connectWithinMs ?? 30_000);
      const settings = connectionSettings(resolved);
      const migrator = new Migrator(dataSource, settings, options.libraries);
      return new DatabaseConnection(dataSource, settings, counter, migrator, embedded);
    } catch (error) {
      await embedded?.stop();
      throw error;
    }
  }

  /** A connection of its own, not yet connected, for LISTEN and the like. Its losses must be handled by the caller. */
  createClient(applicationName: string): pg.Client {
    return new pg.Client({ ...this.settings, application_name: applicationName });
  }

  /** A pool of its own for work that must not take connections from requests. */
  createPool(applicationName: string, max: number): pg.Pool {
    const pool = new pg.Pool({ ...this.settings, application_name: applicationName, max });
    // Without listeners a lost connection would end the process; the pool replaces it by itself.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    return pool;
  }

  /** Closes every connection of the process: for a start that failed after the database was open. */
  static async closeAll(): Promise<void> {
    await Promise.allSettled([...DatabaseConnection.all].map((one) => one.close()));
  }

  /** Closes the pool, then stops the bundled server. */
  async close(): Promise<void> {
    DatabaseConnection.all.delete(this);
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    await this.embedded?.stop();
  }
}

function embeddedConfig(config: DatabaseConfig, embedded: EmbeddedPostgres): DatabaseConfig {
  return Object.assign(new DatabaseConfig(), config, {
    url: undefined,
    host: embedded.socketDirectory,
    port: embedded.port,
    user: embedded.user,
    password: undefined,
    sslMode: 'disable' as const,
  });
}

async function connected(dataSource: DataSource, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      await dataSource.initialize();
      return;
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (Date.now() > deadline) {
        throw new DatabaseUnavailable(
          'The database cannot be reached. Check TFR_DATABASE_HOST and TFR_DATABASE_PORT, or TFR_DATABASE_URL, ' +
            'and that the server runs.',
          { cause: error },
        );
      }
      await sleep(RETRY_MS);
    }
  }
}
