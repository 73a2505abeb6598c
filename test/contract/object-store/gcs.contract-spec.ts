import { GcsObjectStore } from '../../../src/storage/adapters/gcs/gcs-object-store.js';
import { FakeGcs } from '../../support/fakes/gcs/fake-gcs.js';
import { plainConnections } from '../../support/store-connections.js';
import { objectStoreContract } from '../object-store.contract.js';

const CHUNK_BYTES = 256 * 1024;

objectStoreContract('gcs', async () => {
  const fake = await FakeGcs.start();
  const connections = plainConnections();
  const settings = { ...fake.settings, resumableChunkBytes: CHUNK_BYTES };
  const open = () => new GcsObjectStore(settings, connections);
  return {
    store: open(),
    another: async () => open(),
    breakConnection: () => fake.disconnect(),
    refuseAccess: async () => {
      fake.account.isRevoked = true;
      return async () => void (fake.account.isRevoked = false);
    },
    removeContainer: async () => fake.removeBucket(),
    signsUrls: true,
    readsFiles: true,
    partBytes: CHUNK_BYTES,
    residue: async () => fake.kept(),
    dispose: async () => {
      connections.http.destroy();
      await fake.stop();
    },
  };
});
