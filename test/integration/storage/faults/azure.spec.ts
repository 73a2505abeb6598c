import { AzureBlobObjectStore } from '../../../../src/storage/adapters/azure-blob/azure-blob-object-store.js';
import { Azurite } from '../../../support/fakes/azurite.js';
import { plainConnections } from '../../../support/store-connections.js';
import { faultRun, IDLE_MS } from './fault-run.js';

faultRun('azure', async () => {
  const azurite = await Azurite.start();
  const { origin, pathname } = new URL(azurite.settings.endpoint!);
  const storeAt = (at: string) =>
    new AzureBlobObjectStore({ ...azurite.settings, endpoint: at + pathname }, plainConnections(), {
      answerMs: IDLE_MS,
      pieceMs: IDLE_MS,
    });
  return { origin, storeAt, stop: () => azurite.stop() };
});
