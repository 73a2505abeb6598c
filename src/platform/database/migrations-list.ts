import { InitialSchema20261122120000 } from '../../../migrations/20261122120000-initial-schema.js';
import { JobHeartbeats20261122120100 } from '../../../migrations/20261122120100-job-heartbeats.js';

/** Every migration of the product, oldest first. */
export const MIGRATIONS = [InitialSchema20261122120000, JobHeartbeats20261122120100];
