import { describe, expect, it } from 'vitest';
import { StorageConfig } from '../config/storage.config.js';
import { FileBackends } from './file-backends.js';

type Given = Partial<Record<'azure' | 's3' | 'gcs', object>> & Partial<Pick<StorageConfig, 'defaultBackend'>>;

function backendsOf({ azure, s3, gcs, ...rest }: Given = {}): FileBackends {
  const config = Object.assign(new StorageConfig(), { localBasePath: '/srv/storage' }, rest);
  Object.assign(config.azure, azure);
  Object.assign(config.s3, s3);
  Object.assign(config.gcs, gcs);
  return new FileBackends(config);
}

const LOCAL = { name: 'local', settings: { type: 'local', basePath: '/srv/storage', serveDirectly: true } };

describe('the backends of file and environment', () => {
  it('are the local one, where nothing else is described', () => {
    expect(backendsOf().list()).toEqual([LOCAL]);
    expect(backendsOf().default).toEqual(LOCAL);
  });

  it('are all that are described, whichever is the default', () => {
    const backends = backendsOf({
      defaultBackend: 's3',
      s3: { bucket: 'b', region: 'r' },
      azure: { accountName: 'account', containerName: 'blobs', accountKey: 'a2V5' },
      gcs: { bucket: 'b' },
    });
    const s3 = {
      name: 's3',
      settings: {
        type: 's3',
        bucket: 'b',
        region: 'r',
        authMethod: 'default',
        roleSessionName: 'terraform-registry',
      },
    };
    expect(backends.list()).toStrictEqual([
      LOCAL,
      {
        name: 'azure',
        settings: {
          type: 'azure',
          accountName: 'account',
          containerName: 'blobs',
          accountKey: 'a2V5',
          authMethod: 'key',
        },
      },
      s3,
      {
        name: 'gcs',
        settings: { type: 'gcs', bucket: 'b', authMethod: 'default', resumableChunkBytes: 8 * 1024 ** 2 },
      },
    ]);
    expect(backends.default).toStrictEqual(s3);
  });

  it('are none that are only begun', () => {
    const begun = { s3: { bucket: 'b' }, azure: { accountName: 'account' }, gcs: { credentialsJson: '{}' } };
    expect(backendsOf(begun).list()).toEqual([LOCAL]);
  });
});
