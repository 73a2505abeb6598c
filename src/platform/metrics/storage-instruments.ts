import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Fixed bounds, in seconds, from an answer out of memory to a large upload. */
export const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The instruments of storage: operations, moves between backends, and the search for damage. */
export function storageInstruments(registry: Registry) {
  return {
    durations: new Histogram({
      name: 'storage_operation_duration_seconds',
      help: 'Time of an operation on the storage with its retries, in seconds; of a download until its first byte',
      labelNames: ['driver', 'operation', 'outcome'],
      buckets: DURATION_BUCKETS,
      registers: [registry],
    }),
    retries: new Counter({
      name: 'storage_retries_total',
      help: 'Attempts after the first one, and downloads that went on after they broke off',
      labelNames: ['driver', 'operation'],
      registers: [registry],
    }),
    bytes: new Counter({
      name: 'storage_bytes_total',
      help: 'Bytes read from and written to the storage',
      labelNames: ['driver', 'direction'],
      registers: [registry],
    }),
    breakers: new Gauge({
      name: 'storage_circuit_breakers',
      help: 'Storages by the state of their circuit breaker; an open one is not asked',
      labelNames: ['driver', 'state'],
      registers: [registry],
    }),
    migratedObjects: new Counter({
      name: 'storage_migration_objects_total',
      help: 'Objects that storage migrations worked on, by what became of them',
      labelNames: ['outcome'],
      registers: [registry],
    }),
    scrub: {
      objects: new Counter({
        name: 'storage_scrubbed_objects_total',
        help: 'Stored objects that were read again to find damage',
        labelNames: ['storage'],
        registers: [registry],
      }),
      bytes: new Counter({
        name: 'storage_scrubbed_bytes_total',
        help: 'Bytes of stored objects that were read again to find damage',
        labelNames: ['storage'],
        registers: [registry],
      }),
      repairs: new Counter({
        name: 'storage_repairs_total',
        help: 'Attempts to repair damaged objects, by how they ended',
        labelNames: ['storage', 'outcome'],
        registers: [registry],
      }),
    },
  };
}
