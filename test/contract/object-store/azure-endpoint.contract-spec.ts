import { beforeAll, describe, expect, it } from 'vitest';
import { AzureBlobObjectStore } from '../../../src/storage/adapters/azure-blob/azure-blob-object-store.js';
import type { AzureSettings } from '../../../src/storage/domain/backend-settings.js';
import { plainConnections } from '../../support/store-connections.js';
import { objectStoreContract } from '../object-store.contract.js';
import { all } from '../store-under-test.js';
import { AZURE_GAPS } from './azure-gaps.js';

const RIGHTS = 'a test cannot take the rights of its own key away';

/** The account that the environment names; undefined unless all of it is there. */
function accountIn(env: NodeJS.ProcessEnv): AzureSettings | undefined {
  const { TEST_AZURE_ENDPOINT: endpoint, TEST_AZURE_ACCOUNT_NAME: accountName } = env;
  const { TEST_AZURE_ACCOUNT_KEY: accountKey, TEST_AZURE_CONTAINER: containerName } = env;
  if (!endpoint || !accountName || !accountKey || !containerName) return undefined;
  return { type: 'azure', endpoint, accountName, accountKey, containerName, authMethod: 'key' };
}

/** The contract against a real account: see docs/contributing/testing-storage.md. */
function accountContract(settings: AzureSettings): void {
  const connections = plainConnections();
  const store = new AzureBlobObjectStore(settings, connections);
  const kept = async () => (await all(store.list(''))).map(({ path }) => path);
  const empty = async () => {
    for (const path of await kept()) await store.delete(path);
  };
  beforeAll(async () => {
    const [found] = await kept();
    if (found) throw new Error(`The container ${settings.containerName} is not empty: ${found}`);
    return empty;
  });
  objectStoreContract(
    'azure account',
    async () => {
      await empty();
      return {
        store,
        another: async () => new AzureBlobObjectStore(settings, connections),
        breakConnection: async () => {
          const agents = [connections.http, connections.https];
          const ways = agents.map((agent) => agent.createConnection);
          for (const agent of agents) {
            agent.createConnection = () => {
              throw new Error('cut by the test');
            };
            agent.destroy();
          }
          return async () => {
            for (const [at, agent] of agents.entries()) agent.createConnection = ways[at]!;
          };
        },
        signsUrls: true,
        readsFiles: true,
        residue: kept,
        dispose: async () => undefined,
      };
    },
    {
      ...AZURE_GAPS,
      'access says so in every call, and never that an object is missing': RIGHTS,
      'access says nothing about the names and keys that it uses': RIGHTS,
      'a bucket, container or directory says so: nothing is missing, nothing is empty, nothing is stored':
        'the container of an account belongs to somebody',
    },
  );
}

describe('an account of Azure in the environment', () => {
  const env = {
    TEST_AZURE_ENDPOINT: 'https://acme.blob.core.windows.net',
    TEST_AZURE_ACCOUNT_NAME: 'acme',
    TEST_AZURE_ACCOUNT_KEY: 'test-only-key',
    TEST_AZURE_CONTAINER: 'empty-container',
  };

  it('is used when all of it is there', () => {
    expect(accountIn(env)).toMatchObject({ accountName: 'acme', containerName: 'empty-container' });
  });

  it.each(Object.keys(env))('is not used without %s', (name) => {
    expect(accountIn({ ...env, [name]: '' })).toBeUndefined();
  });
});

const account = accountIn(process.env);
if (account) accountContract(account);
