import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageConfig } from '../config/storage.config.js';
import { WorkerConfig } from '../config/worker.config.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import type { BackendEntry } from './backend-fields.js';
import { BackendInput } from './backend-input.service.js';
import type { BackendType } from './domain/backend-settings.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'backend-input-'));
  await mkdir(join(root, 'allowed'));
  await mkdir(join(root, 'elsewhere'));
  await symlink(join(root, 'elsewhere'), join(root, 'allowed', 'link'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Server {
  storage?: Partial<StorageConfig>;
  worker?: Partial<WorkerConfig>;
}

function inputOf({ storage, worker }: Server = {}): BackendInput {
  const usual = { localAllowedRoots: [join(root, 'allowed'), join(root, 'planned')] };
  return new BackendInput(
    Object.assign(new StorageConfig(), usual, storage),
    Object.assign(new WorkerConfig(), worker),
  );
}

const entry = (backend_type: BackendType, fields: Record<string, unknown> = {}): BackendEntry => ({
  backend_type,
  ...fields,
});

/** The messages by field, nothing when the entry is accepted. */
async function faultsOf(given: BackendEntry, server?: Server): Promise<Record<string, string>> {
  try {
    await inputOf(server).parse(given);
    return {};
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.facts.fields ?? {};
  }
}

const S3 = { s3_bucket: 'registry', s3_region: 'eu-central-1' };
const AZURE = {
  azure_account_name: 'registry1',
  azure_container_name: 'blobs',
  azure_account_key: 'dGVzdC1vbmx5LWFjY291bnQta2V5',
};
const KEYS = { s3_access_key_id: 'AKIATESTONLY', s3_secret_access_key: 'test-only-secret' };
const SERVICE_ACCOUNT = JSON.stringify({ type: 'service_account', client_email: 'a@b', private_key: 'x' });

describe('a complete entry', () => {
  it('becomes the settings of its backend', async () => {
    const input = inputOf();
    const local = entry('local', { local_base_path: join(root, 'allowed', 'new') });
    expect(await input.parse(local)).toEqual({
      type: 'local',
      basePath: join(root, 'allowed', 'new'),
      serveDirectly: true,
    });
    expect(await input.parse(entry('azure', AZURE))).toEqual({
      type: 'azure',
      accountName: 'registry1',
      containerName: 'blobs',
      accountKey: AZURE.azure_account_key,
      authMethod: 'key',
    });
    expect(await input.parse(entry('s3', { ...S3, ...KEYS, s3_force_path_style: true }))).toEqual({
      type: 's3',
      bucket: 'registry',
      region: 'eu-central-1',
      authMethod: 'static',
      accessKeyId: 'AKIATESTONLY',
      secretAccessKey: 'test-only-secret',
      roleSessionName: 'terraform-registry',
      forcePathStyle: true,
    });
    expect(await input.parse(entry('gcs', { gcs_bucket: 'registry' }))).toEqual({
      type: 'gcs',
      bucket: 'registry',
      authMethod: 'default',
      resumableChunkBytes: 8 * 1024 ** 2,
    });
  });

  it('may leave fields empty, and hold those of other backends', async () => {
    const others = { ...AZURE, azure_access_tier: 'Archive', local_base_path: '/etc' };
    const empty = { s3_endpoint: '', s3_role_arn: null, s3_storage_class: '', s3_secret_access_key: '' };
    expect(await faultsOf(entry('s3', { ...S3, ...others, ...empty }))).toEqual({});
  });

  it.each([
    ['access_key', 'static'],
    ['iam_role', 'default'],
    ['web_identity', 'oidc'],
    ['assume_role', 'assume_role'],
  ])('may speak of authentication as the wizard does: %s', async (word, method) => {
    const settings = await inputOf().parse(
      entry('s3', { ...S3, ...KEYS, s3_role_arn: 'arn:aws:iam::1:role/r', s3_auth_method: word }),
    );
    expect(settings).toMatchObject({ authMethod: method });
  });

  it('takes what is only in the settings, in the forms of the settings', async () => {
    const more = {
      azure_sas_token_expiry: '1h',
      azure_access_tier: 'Cool',
      azure_endpoint: 'https://b.example.com/',
    };
    expect(await inputOf().parse(entry('azure', { ...AZURE, ...more }))).toMatchObject({
      urlTtlMs: 3_600_000,
      accessTier: 'Cool',
      endpoint: 'https://b.example.com',
    });
    const chunk = entry('gcs', { gcs_bucket: 'registry', gcs_resumable_chunk_size: '1MiB' });
    expect(await inputOf().parse(chunk)).toMatchObject({ resumableChunkBytes: 1024 ** 2 });
  });
});

describe('an entry that cannot be used', () => {
  const missing: [string, BackendType, Record<string, unknown>, string[]][] = [
    ['a directory', 'local', {}, ['local_base_path']],
    ['everything of Azure', 'azure', {}, ['azure_account_name', 'azure_container_name', 'azure_account_key']],
    ['everything of S3', 's3', {}, ['s3_bucket', 's3_region']],
    [
      'static keys',
      's3',
      { ...S3, s3_auth_method: 'access_key' },
      ['s3_access_key_id', 's3_secret_access_key'],
    ],
    ['half of the keys', 's3', { ...S3, s3_access_key_id: 'AKIA' }, ['s3_secret_access_key']],
    ['the role to assume', 's3', { ...S3, s3_auth_method: 'assume_role' }, ['s3_role_arn']],
    ['the role for a token', 's3', { ...S3, s3_auth_method: 'web_identity' }, ['s3_role_arn']],
    ['a bucket of Google', 'gcs', {}, ['gcs_bucket']],
    [
      'credentials of Google',
      'gcs',
      { gcs_bucket: 'registry', gcs_auth_method: 'credentials_json' },
      ['gcs_credentials_file'],
    ],
  ];
  it.each(missing)('lacks %s, which is said by field', async (_, type, fields, names) => {
    const faults = await faultsOf(entry(type, fields));
    expect(Object.keys(faults)).toEqual(names);
    for (const message of Object.values(faults)) expect(message).toMatch(/^expected /);
  });

  const wrong: [BackendType, Record<string, unknown>, string][] = [
    ['azure', { ...AZURE, azure_access_tier: 'Archive' }, 'what is in Archive cannot be downloaded'],
    ['azure', { ...AZURE, azure_cdn_url: 'cdn.example.com' }, 'http or https'],
    ['s3', { ...S3, s3_storage_class: 'GLACIER' }, 'need a restore'],
    ['s3', { ...S3, s3_storage_class: 'DEEP_ARCHIVE' }, 'need a restore'],
    ['s3', { ...S3, s3_endpoint: 'file:///etc/passwd' }, 'http or https'],
    ['s3', { ...S3, s3_endpoint: 'https://user:pw@minio.example.com' }, 'without user'],
    ['s3', { ...S3, s3_auth_method: 'constructor' }, 'one of default'],
    ['s3', { ...S3, s3_bucket: '../other' }, 'name of a bucket'],
    ['s3', { ...S3, s3_role_arn: 'a\0b' }, 'a text'],
    ['s3', { ...S3, s3_external_id: 'a\ud800' }, 'a text'],
    ['s3', { ...S3, s3_force_path_style: 'maybe' }, 'true, false'],
    ['s3', { ...S3, s3_role_arn: 7 }, 'a text'],
    ['gcs', { gcs_bucket: 'registry', gcs_credentials_json: '{"private_key":"hunter2"' }, 'service_account'],
    [
      'gcs',
      { gcs_bucket: 'registry', gcs_credentials_json: '{"type":"authorized_user"}' },
      'service_account',
    ],
    ['gcs', { gcs_bucket: 'registry', gcs_credentials_json: 'null' }, 'service_account'],
    [
      'gcs',
      { gcs_bucket: 'registry', gcs_auth_method: 'workload_identity', gcs_credentials_json: SERVICE_ACCOUNT },
      'external_account',
    ],
    ['gcs', { gcs_bucket: 'registry', gcs_resumable_chunk_size: '300KiB' }, 'a multiple of 256KiB'],
  ];
  it.each(wrong)('has a wrong value for %s: %j', async (type, fields, words) => {
    const faults = Object.values(await faultsOf(entry(type, fields)));
    expect(faults).toEqual([expect.stringContaining(words)]);
    expect(faults.join()).not.toContain('hunter2');
  });

  const identities: [BackendType, Record<string, unknown>, string][] = [
    ['azure', { ...AZURE, azure_auth_method: 'managed_identity' }, 'https://acc.blob.core.windows.net'],
    [
      'azure',
      { ...AZURE, azure_auth_method: 'workload_identity' },
      'https://acc.blob.core.usgovcloudapi.net',
    ],
    ['s3', { ...S3, s3_auth_method: 'oidc', s3_role_arn: 'arn' }, 'https://s3.eu-central-1.amazonaws.com'],
    ['gcs', { gcs_bucket: 'registry' }, 'https://storage.googleapis.com'],
    [
      'gcs',
      { gcs_bucket: 'registry', gcs_auth_method: 'service_account', gcs_credentials_file: '/run/key.json' },
      'https://storage.googleapis.com',
    ],
    [
      'gcs',
      {
        ...{ gcs_bucket: 'registry', gcs_auth_method: 'workload_identity' },
        gcs_credentials_json: '{"type":"external_account"}',
      },
      'https://storage.googleapis.com',
    ],
  ];
  it.each(identities)(
    'would show the identity of the server to strangers: %s %j',
    async (type, fields, own) => {
      const at = (endpoint: string) => faultsOf(entry(type, { ...fields, [`${type}_endpoint`]: endpoint }));
      expect(await at(own)).toEqual({});
      const strangers = [own.replace('https', 'http'), 'https://files.example.com', `${own}.example.com`];
      for (const stranger of strangers) expect(Object.keys(await at(stranger))).toEqual([`${type}_endpoint`]);
    },
  );

  it('may name any endpoint with credentials of its own', async () => {
    const endpoint = 'https://files.example.com';
    const json = { gcs_auth_method: 'service_account', gcs_credentials_json: SERVICE_ACCOUNT };
    expect(await faultsOf(entry('azure', { ...AZURE, azure_endpoint: endpoint }))).toEqual({});
    expect(await faultsOf(entry('s3', { ...S3, ...KEYS, s3_endpoint: endpoint }))).toEqual({});
    expect(await faultsOf(entry('s3', { ...S3, s3_endpoint: endpoint }))).toEqual({});
    expect(await faultsOf(entry('gcs', { gcs_bucket: 'b-1', ...json, gcs_endpoint: endpoint }))).toEqual({});
  });

  it('lets links live as long as what is not referred to', async () => {
    const server = { storage: { sweepGraceMs: 2 * 3_600_000 } };
    const life = (text: string) => entry('azure', { ...AZURE, azure_sas_token_expiry: text });
    expect(Object.keys(await faultsOf(life('2h'), server))).toEqual(['azure_sas_token_expiry']);
    expect(await faultsOf(life('1h59m59s'), server)).toEqual({});
  });
});

describe('a directory', () => {
  const local = (path: string, more = {}) => entry('local', { local_base_path: path, ...more });

  it('lies below a directory that the operator allows, after links are followed', async () => {
    for (const path of ['allowed', 'allowed/a/b', 'planned', 'planned/x', 'allowed/link/../a']) {
      expect([path, await faultsOf(local(join(root, path)))]).toEqual([path, {}]);
    }
    for (const path of [
      '',
      'elsewhere',
      'allowed/../elsewhere',
      'allowed/link',
      'allowed/link/x',
      'allowed2',
    ]) {
      const faults = await faultsOf(local(join(root, path)));
      expect([path, faults['local_base_path']]).toEqual([path, expect.stringContaining('ALLOWED_ROOTS')]);
    }
  });

  it('is seen by all processes, which the operator has to confirm', async () => {
    const path = local(join(root, 'allowed'));
    for (const worker of [{ replicas: 2 }, { mode: 'web' as const }]) {
      expect(Object.keys(await faultsOf(path, { worker }))).toEqual(['local_base_path']);
      expect(await faultsOf(path, { worker, storage: { localShared: true } })).toEqual({});
    }
  });

  it('is streamed by this server unless there is a CDN', async () => {
    const indirect = local(join(root, 'allowed'), { local_serve_directly: false });
    expect(Object.keys(await faultsOf(indirect))).toEqual(['local_serve_directly']);
    expect(await faultsOf(indirect, { storage: { cdnUrl: 'https://cdn.example.com' } })).toEqual({});
  });
});
