import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import { objectStoreContract } from '../object-store.contract.js';
import { all } from '../store-under-test.js';

objectStoreContract('memory', async () => {
  const store = new MemoryObjectStore();
  return {
    store,
    breakConnection: async () => {
      store.failWith(new Error('unplugged'));
      return async () => store.failWith(undefined);
    },
    residue: async () => (await all(store.list(''))).map(({ path }) => path),
    dispose: async () => undefined,
  };
});
