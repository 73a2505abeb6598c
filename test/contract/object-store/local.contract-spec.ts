import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSpoolName } from '../../../src/platform/temp-files/spool-name.js';
import { LocalObjectStore } from '../../../src/storage/adapters/local/local-object-store.js';
import { objectStoreContract } from '../object-store.contract.js';

const NO_CREDENTIALS = 'a user who runs the tests as root is refused no directory';

objectStoreContract(
  'local',
  async () => {
    const base = await mkdtemp(join(tmpdir(), 'local-store-'));
    const root = join(base, 'root');
    const open = async () => {
      const store = new LocalObjectStore(root);
      await store.put('warm-up', Buffer.from('makes the root'));
      await store.delete('warm-up');
      return store;
    };
    return {
      store: await open(),
      another: open,
      breakConnection: async () => {
        await rename(root, join(base, 'unplugged'));
        // A file where the root was: nothing can be made in its place.
        await writeFile(root, '');
        return async () => {
          await rm(root);
          await rename(join(base, 'unplugged'), root);
        };
      },
      removeContainer: () => rm(root, { recursive: true }),
      partBytes: 64 * 1024,
      abandonUpload: async () => {
        await writeFile(join(root, '.staging', newSpoolName('put')), 'half of it');
      },
      residue: async () => {
        const entries = await readdir(root, { recursive: true, withFileTypes: true });
        return entries
          .filter((entry) => !entry.isDirectory())
          .map((entry) => join(entry.parentPath, entry.name));
      },
      dispose: () => rm(base, { recursive: true, force: true }),
    };
  },
  {
    'access says so in every call, and never that an object is missing': NO_CREDENTIALS,
    'access says nothing about the names and keys that it uses': NO_CREDENTIALS,
  },
);
