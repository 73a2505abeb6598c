import { appendFileSync } from 'node:fs';
import { DatabaseConfig } from '../../src/config/database.config.js';
import { WorkerConfig } from '../../src/config/worker.config.js';
import { DatabaseConnection } from '../../src/platform/database/database-connection.js';
import { Job } from '../../src/platform/jobs/job.js';
import { JobRegistry } from '../../src/platform/jobs/job-registry.js';
import { JobRunner } from '../../src/platform/jobs/job-runner.js';

/** A process that runs jobs until it is killed: `worker-process.ts <database URL> <file> <lease ms> <job ms>`. */
const [url, file, leaseMs, jobMs] = process.argv.slice(2);

class SlowJob extends Job {
  readonly name = 'slow';

  async run(): Promise<void> {
    appendFileSync(file ?? '', `begin ${process.pid}\n`);
    await new Promise((resolve) => setTimeout(resolve, Number(jobMs)));
    appendFileSync(file ?? '', `end ${process.pid}\n`);
  }
}

const database = Object.assign(new DatabaseConfig(), { url });
const worker = Object.assign(new WorkerConfig(), { leaseMs: Number(leaseMs), pollIntervalMs: 100 });
const connection = await DatabaseConnection.open(database, {
  entities: [],
  mode: 'tool',
  log: () => undefined,
});
const registry = new JobRegistry();
registry.register(new SlowJob());
await new JobRunner(connection, registry, worker).start();
