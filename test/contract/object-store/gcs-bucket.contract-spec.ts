import { Registry } from 'prom-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { StorageResilienceConfig } from '../../../src/config/storage-resilience.config.js';
import { Metrics } from '../../../src/platform/metrics/metrics.js';
import { GcsObjectStore } from '../../../src/storage/adapters/gcs/gcs-object-store.js';
import type { GcsSettings } from '../../../src/storage/domain/backend-settings.js';
import { ResilientObjectStore } from '../../../src/storage/resilient-object-store.js';
import { plainConnections } from '../../support/store-connections.js';
import { objectStoreContract } from '../object-store.contract.js';
import { all } from '../store-under-test.js';

const RIGHTS = 'a test cannot take the rights of its own account away';
const CHUNK_BYTES = 256 * 1024;
/** Google accepts about one write of a name per second, and says so with 429. The breaker stays closed. */
const POLICY = {
  ...new StorageResilienceConfig(),
  maxAttempts: 8,
  breakerFailures: Infinity,
  breakerOpenAfterMs: Infinity,
};

/** The bucket that the environment names; undefined without one. */
function bucketIn(env: NodeJS.ProcessEnv): GcsSettings | undefined {
  const { TEST_GCS_BUCKET: bucket, TEST_GCS_CREDENTIALS_FILE: file, TEST_GCS_ENDPOINT: endpoint } = env;
  if (!bucket) return undefined;
  return {
    type: 'gcs',
    bucket,
    authMethod: file ? 'service_account' : 'default',
    ...(file && { credentialsFile: file }),
    ...(endpoint && { endpoint }),
    resumableChunkBytes: CHUNK_BYTES,
  };
}

/** The contract against a real bucket: see docs/contributing/testing-storage.md. */
function bucketContract(settings: GcsSettings): void {
  const connections = plainConnections();
  const open = () =>
    new ResilientObjectStore(
      new GcsObjectStore(settings, connections),
      POLICY,
      new Metrics(new Registry()),
      'gcs',
    );
  const store = open();
  const kept = async () => (await all(store.list(''))).map(({ path }) => path);
  beforeAll(async () => {
    const [found] = await kept();
    if (found) throw new Error(`The bucket ${settings.bucket} is not empty: ${found}`);
  });
  objectStoreContract(
    'gcs bucket',
    async () => {
      for (const path of await kept()) await store.delete(path);
      return {
        store,
        another: async () => open(),
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
        signsUrls: settings.authMethod === 'service_account',
        readsFiles: true,
        partBytes: CHUNK_BYTES,
        residue: kept,
        dispose: async () => undefined,
      };
    },
    {
      'access says so in every call, and never that an object is missing': RIGHTS,
      'access says nothing about the names and keys that it uses': RIGHTS,
      'a bucket, container or directory says so: nothing is missing, nothing is empty, nothing is stored':
        'the bucket belongs to somebody',
    },
  );
}

describe('a bucket of Google Cloud Storage in the environment', () => {
  it('is used with the credentials of the machine, or with a file', () => {
    expect(bucketIn({ TEST_GCS_BUCKET: 'a' })).toMatchObject({ bucket: 'a', authMethod: 'default' });
    expect(bucketIn({ TEST_GCS_BUCKET: 'a', TEST_GCS_CREDENTIALS_FILE: 'key.json' })).toMatchObject({
      authMethod: 'service_account',
      credentialsFile: 'key.json',
    });
  });

  it('may be at an endpoint of its own', () => {
    const endpoint = 'https://gcs.example.com';
    expect(bucketIn({ TEST_GCS_BUCKET: 'a', TEST_GCS_ENDPOINT: endpoint })).toMatchObject({ endpoint });
  });

  it('is not used unless it is named', () => {
    expect(bucketIn({ TEST_GCS_CREDENTIALS_FILE: 'key.json' })).toBeUndefined();
  });
});

const bucket = bucketIn(process.env);
if (bucket) bucketContract(bucket);
