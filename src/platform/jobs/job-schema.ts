import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';

/** Settings of a connection, as `pg` takes them. */
type Connection = pg.ClientConfig;

/** Brings the tables of the job queue (schema `graphile_worker`) up to date; called under the migration lock. */
export async function migrateJobs(connection: Connection): Promise<void> {
  const pool = new pg.Pool({ ...connection, max: 1, application_name: 'terraform-registry-migrations' });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    await runMigrations({ pgPool: pool, logger: new Logger(() => () => undefined) });
  } finally {
    await pool.end();
  }
}
