import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalObjectStore } from '../../../src/storage/adapters/local/local-object-store.js';
import { objectStoreContract } from '../object-store.contract.js';

objectStoreContract('local', async () => {
  const base = await mkdtemp(join(tmpdir(), 'local-store-'));
  const root = join(base, 'root');
  const store = new LocalObjectStore(root);
  await store.put('warm-up', Buffer.from('makes the root'));
  await store.delete('warm-up');
  return {
    store,
    breakConnection: async () => {
      await rename(root, join(base, 'unplugged'));
      // A file where the root was: nothing can be made in its place.
      await writeFile(root, '');
      return async () => {
        await rm(root);
        await rename(join(base, 'unplugged'), root);
      };
    },
    residue: async () => {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name));
    },
    dispose: () => rm(base, { recursive: true, force: true }),
  };
});
