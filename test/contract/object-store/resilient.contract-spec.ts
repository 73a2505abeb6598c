import { Registry } from 'prom-client';
import { StorageResilienceConfig } from '../../../src/config/storage-resilience.config.js';
import { Metrics } from '../../../src/platform/metrics/metrics.js';
import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import { ResilientObjectStore } from '../../../src/storage/resilient-object-store.js';
import { objectStoreContract } from '../object-store.contract.js';
import { all } from '../store-under-test.js';

/** Short pauses, and a breaker that stays closed: the suite asks again as soon as the connection is back. */
const POLICY = { ...new StorageResilienceConfig(), retryBaseDelayMs: 1, breakerFailures: 1000 };
const NO_CREDENTIALS = 'the memory of this process has no permissions';

objectStoreContract(
  'resilient',
  async () => {
    const memory = new MemoryObjectStore();
    const wrapped = () => new ResilientObjectStore(memory, POLICY, new Metrics(new Registry()));
    const store = wrapped();
    return {
      store,
      another: async () => wrapped(),
      breakConnection: async () => {
        memory.failWith(new Error('unplugged'));
        return async () => memory.failWith(undefined);
      },
      removeContainer: async () => memory.failWith(new Error('gone')),
      readsFiles: true,
      partBytes: 64 * 1024,
      residue: async () => (await all(store.list(''))).map(({ path }) => path),
      dispose: () => store.close(),
    };
  },
  {
    'access says so in every call, and never that an object is missing': NO_CREDENTIALS,
    'access says nothing about the names and keys that it uses': NO_CREDENTIALS,
  },
);
