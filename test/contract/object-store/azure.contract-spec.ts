import { AzureBlobObjectStore } from '../../../src/storage/adapters/azure-blob/azure-blob-object-store.js';
import { Azurite } from '../../support/fakes/azurite.js';
import { objectStoreContract } from '../object-store.contract.js';
import { AZURE_GAPS } from './azure-gaps.js';

const NOBODYS_SIGNATURE = Buffer.alloc(32).toString('base64');

objectStoreContract(
  'azure',
  async () => {
    const azurite = await Azurite.start();
    const open = () => new AzureBlobObjectStore(azurite.settings, azurite.connections);
    return {
      store: open(),
      another: async () => open(),
      breakConnection: async () => {
        const reconnect = await azurite.relay.disconnect();
        return async () => reconnect();
      },
      refuseAccess: async () => {
        azurite.relay.rule = ({ headers }) => ({
          sent: { authorization: headers.authorization!.replace(/:.*/, `:${NOBODYS_SIGNATURE}`) },
        });
        return async () => {
          azurite.relay.rule = () => undefined;
        };
      },
      removeContainer: async () => void (await azurite.container.delete()),
      signsUrls: true,
      readsFiles: true,
      // Without blocks that were never committed: Azure forgets them by itself, and cannot be told to.
      residue: () => azurite.names(),
      dispose: () => azurite.stop(),
    };
  },
  AZURE_GAPS,
);
