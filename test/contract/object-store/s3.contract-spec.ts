import { S3ObjectStore } from '../../../src/storage/adapters/s3/s3-object-store.js';
import { FakeS3 } from '../../support/fakes/s3/fake-s3.js';
import { plainConnections } from '../../support/store-connections.js';
import { objectStoreContract } from '../object-store.contract.js';
import { abandonS3Upload } from './s3-under-test.js';

objectStoreContract('s3', async () => {
  const fake = await FakeS3.start();
  const connections = plainConnections();
  const open = async () => new S3ObjectStore(fake.settings, connections);
  const store = await open();
  return {
    store,
    another: open,
    breakConnection: () => fake.disconnect(),
    refuseAccess: async () => {
      fake.refusal = 'AccessDenied';
      return async () => {
        fake.refusal = undefined;
      };
    },
    removeContainer: async () => fake.removeBucket(),
    abandonUpload: (path) => abandonS3Upload(fake.settings, path),
    signsUrls: true,
    readsFiles: true,
    residue: async () => fake.kept(),
    dispose: async () => {
      await store.close();
      connections.http.destroy();
      await fake.stop();
    },
  };
});
