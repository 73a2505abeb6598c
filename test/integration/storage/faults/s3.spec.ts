import { S3ObjectStore } from '../../../../src/storage/adapters/s3/s3-object-store.js';
import { FakeS3 } from '../../../support/fakes/s3/fake-s3.js';
import { plainConnections } from '../../../support/store-connections.js';
import { faultRun, IDLE_MS } from './fault-run.js';

faultRun('s3', async () => {
  const fake = await FakeS3.start();
  const storeAt = (endpoint: string) =>
    new S3ObjectStore({ ...fake.settings, endpoint }, plainConnections(), {
      connectMs: 5_000,
      idleMs: IDLE_MS,
    });
  return { origin: fake.url, storeAt, stop: () => fake.stop() };
});
