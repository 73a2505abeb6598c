import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import { objectStoreContract } from '../object-store.contract.js';
import { all } from '../store-under-test.js';

const NO_CREDENTIALS = 'the memory of this process has no permissions';

objectStoreContract(
  'memory',
  async () => {
    const store = new MemoryObjectStore();
    return {
      store,
      another: async () => store,
      breakConnection: async () => {
        store.failWith(new Error('unplugged'));
        return async () => store.failWith(undefined);
      },
      removeContainer: async () => store.failWith(new Error('gone')),
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
