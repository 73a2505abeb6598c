import { GcsObjectStore } from '../../../../src/storage/adapters/gcs/gcs-object-store.js';
import { FakeGcs } from '../../../support/fakes/gcs/fake-gcs.js';
import { plainConnections } from '../../../support/store-connections.js';
import { faultRun, IDLE_MS } from './fault-run.js';

faultRun('gcs', async () => {
  const fake = await FakeGcs.start();
  const storeAt = (endpoint: string) =>
    new GcsObjectStore({ ...fake.settings, endpoint }, plainConnections(), IDLE_MS);
  return { origin: fake.url, storeAt, stop: () => fake.stop() };
});
