import { Counter, Histogram, type Registry } from 'prom-client';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Fixed bounds, in seconds, from a run that finds nothing new to one that fetches a whole registry. */
const SYNC_BUCKETS = [1, 5, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE].concat([
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  24 * HOUR,
]);

/** The instruments of mirrors of upstream registries. */
export function mirrorInstruments(registry: Registry) {
  return {
    durations: new Histogram({
      name: 'mirror_sync_duration_seconds',
      help: 'Time from the request of a run of a mirror to its end, in seconds',
      labelNames: ['mirror_id', 'mirror_type'],
      buckets: SYNC_BUCKETS,
      registers: [registry],
    }),
    errors: new Counter({
      name: 'mirror_sync_errors_total',
      help: 'Runs of a mirror that failed, or in which something failed',
      labelNames: ['mirror_id'],
      registers: [registry],
    }),
    packages: new Counter({
      name: 'mirror_packages_stored_total',
      help: 'Packages that were fetched, verified and stored',
      labelNames: ['mirror_id', 'mirror_type'],
      registers: [registry],
    }),
    bytes: new Counter({
      name: 'mirror_bytes_stored_total',
      help: 'Bytes of packages that were fetched, verified and stored',
      labelNames: ['mirror_id', 'mirror_type'],
      registers: [registry],
    }),
    alerts: new Counter({
      name: 'mirror_alerts_total',
      help: 'Things that upstreams of mirrors do and should not, by kind',
      labelNames: ['kind'],
      registers: [registry],
    }),
  };
}
