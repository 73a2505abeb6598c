import { DatabaseConfig } from '../../src/config/database.config.js';
import { DatabaseConnection } from '../../src/platform/database/database-connection.js';
import { migrateJobs } from '../../src/platform/jobs/job-schema.js';

/** A replica that starts: `migrating-process.ts <database URL>` applies migrations and prints which. */
const database = Object.assign(new DatabaseConfig(), { url: process.argv[2], minIdleConnections: 0 });
const connection = await DatabaseConnection.open(database, {
  entities: [],
  mode: 'tool',
  log: () => undefined,
  libraries: [migrateJobs],
});
process.stdout.write(JSON.stringify(await connection.migrator.up()));
await connection.close();
