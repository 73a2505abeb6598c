import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { ConnectionSettings } from './connection-settings.js';
import { SchemaNotMigrated, SchemaTooNew } from './database.errors.js';
import { MIGRATIONS } from './migrations-list.js';

/** Any number: all processes of the product take the same advisory lock. */
const LOCK = 6_273_947_113;

/** Brings the tables of a library up to date; runs under the migration lock, after our own migrations. */
export type LibrarySchema = (settings: ConnectionSettings) => Promise<void>;

/** One migration and whether the database has it. */
export interface MigrationStatus {
  readonly name: string;
  readonly isApplied: boolean;
}

/** Changes the schema, one process at a time: others wait for the advisory lock and then find it done. */
export class Migrator {
  constructor(
    private readonly dataSource: DataSource,
    private readonly settings: ConnectionSettings,
    private readonly libraries: readonly LibrarySchema[] = [],
  ) {}

  /** Applies what is missing and answers the names. Throws SchemaTooNew when a newer version was here. */
  async up(): Promise<string[]> {
    return this.locked(async () => {
      await this.assertNotNewer();
      const applied = await this.dataSource.runMigrations({ transaction: 'each' });
      for (const library of this.libraries) await library(this.settings);
      return applied.map(({ name }) => name);
    });
  }

  /** Reverts the newest applied migration and answers its name, or `undefined` when there is none. */
  async down(): Promise<string | undefined> {
    return this.locked(async () => {
      await this.assertNotNewer();
      const newest = (await this.appliedNames()).at(-1);
      if (newest) await this.dataSource.undoLastMigration({ transaction: 'each' });
      return newest;
    });
  }

  /** Every migration of this program, oldest first. Throws SchemaTooNew. */
  async status(): Promise<MigrationStatus[]> {
    const applied = new Set(await this.assertNotNewer());
    return MIGRATIONS.map(({ name }) => ({ name, isApplied: applied.has(name) }));
  }

  /** Throws SchemaTooNew or SchemaNotMigrated unless the schema is the one of this program. */
  async assertCurrent(): Promise<void> {
    const pending = (await this.status()).filter(({ isApplied }) => !isApplied).map(({ name }) => name);
    if (pending.length > 0) throw new SchemaNotMigrated(pending);
  }

  private async assertNotNewer(): Promise<string[]> {
    const applied = await this.appliedNames();
    const known = new Set(MIGRATIONS.map(({ name }) => name));
    const unknown = applied.filter((name) => !known.has(name));
    if (unknown.length > 0) throw new SchemaTooNew(unknown);
    return applied;
  }

  private async appliedNames(): Promise<string[]> {
    const [table] = (await this.dataSource.query(`SELECT to_regclass('schema_migrations') AS name`)) as {
      name: unknown;
    }[];
    if (!table?.name) return [];
    const rows = (await this.dataSource.query(`SELECT name FROM schema_migrations ORDER BY id`)) as {
      name: string;
    }[];
    return rows.map(({ name }) => name);
  }

  /** The lock has its own connection, without the statement timeout: waiting for another replica is no failure. */
  private async locked<T>(work: () => Promise<T>): Promise<T> {
    const client = new pg.Client({ ...this.settings, application_name: 'terraform-registry-migrations' });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
      return await work();
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
