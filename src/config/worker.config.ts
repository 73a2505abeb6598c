import { Matches } from 'class-validator';
import { Setting } from './setting.decorator.js';

const HOUR = 3_600_000;

/** What this process does besides answering requests, and how many processes there are. */
export class WorkerConfig {
  @Setting({
    key: 'worker.mode',
    type: 'string',
    values: ['all', 'web', 'worker'],
    description: 'web: no jobs; worker: only jobs, health and metrics.',
  })
  readonly mode: 'all' | 'web' | 'worker' = 'all';

  @Setting({
    key: 'worker.concurrency',
    type: 'int',
    min: 1,
    max: 1000,
    description: 'Jobs at a time per process.',
  })
  readonly concurrency: number = 4;

  @Setting({
    key: 'worker.poll_interval',
    type: 'duration',
    min: 100,
    max: HOUR,
    description: 'How often jobs are looked for when no notification comes.',
  })
  readonly pollIntervalMs: number = 2000;

  @Setting({
    key: 'worker.lease',
    type: 'duration',
    min: 1000,
    max: HOUR,
    description: 'A job whose worker stops renewing is taken over by another within this time.',
  })
  readonly leaseMs: number = 60_000;

  @Setting({ key: 'worker.max_attempts', type: 'int', min: 1, max: 1000, description: 'Attempts of a job.' })
  readonly maxAttempts: number = 5;

  @Setting({
    key: 'worker.replica_id',
    env: 'TFR_REPLICA_ID',
    type: 'string',
    defaultText: 'host name + random',
    description: 'Name of this process in leases and logs.',
  })
  @Matches(/^[A-Za-z0-9._-]{1,100}$/, {
    message: 'expected 1 to 100 letters, digits, dots, hyphens or underscores',
  })
  readonly replicaId: string = 'default';

  @Setting({
    key: 'worker.replicas',
    env: 'TFR_REPLICAS',
    type: 'int',
    min: 1,
    max: 10_000,
    description: 'Declared number of processes; above 1 settings that only work alone are refused.',
  })
  readonly replicas: number = 1;
}
