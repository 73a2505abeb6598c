import { describe, expect, it } from 'vitest';
import { StorageConfig } from '../config/storage.config.js';
import { WorkerConfig } from '../config/worker.config.js';
import { type BackendEntry, shownFields } from './backend-fields.js';
import { BackendInput } from './backend-input.service.js';
import type { BackendType } from './domain/backend-settings.js';

const input = new BackendInput(
  Object.assign(new StorageConfig(), { localAllowedRoots: ['/srv'] }),
  new WorkerConfig(),
);

const entry = (backend_type: BackendType, fields: Record<string, unknown> = {}): BackendEntry => ({
  backend_type,
  ...fields,
});

const S3 = { s3_bucket: 'registry', s3_region: 'eu-central-1' };
const AZURE = {
  azure_account_name: 'registry1',
  azure_container_name: 'blobs',
  azure_account_key: 'dGVzdC1vbmx5LWFjY291bnQta2V5',
};
const KEYS = { s3_access_key_id: 'AKIATESTONLY', s3_secret_access_key: 'test-only-secret' };
const SERVICE_ACCOUNT = JSON.stringify({ type: 'service_account', client_email: 'a@b', private_key: 'x' });

describe('a change', () => {
  it('keeps what is absent and empty secrets, and clears what is null or empty', async () => {
    const stored = await input.parse(
      entry('s3', { ...S3, ...KEYS, s3_endpoint: 'https://s3.example.com', s3_storage_class: 'STANDARD_IA' }),
    );
    const change = entry('s3', { s3_region: 'eu-west-1', s3_endpoint: null, s3_storage_class: '' });
    const secrets = { s3_access_key_id: '', s3_secret_access_key: 'another-test-only' };
    expect(await input.parse(input.merged(stored, { ...change, ...secrets }))).toEqual({
      type: 's3',
      bucket: 'registry',
      region: 'eu-west-1',
      authMethod: 'static',
      accessKeyId: 'AKIATESTONLY',
      secretAccessKey: 'another-test-only',
      roleSessionName: 'terraform-registry',
    });
  });

  it('of nothing is nothing, for every form of value', async () => {
    const all = [
      await input.parse(entry('azure', { ...AZURE, azure_sas_token_expiry: '90m' })),
      await input.parse(entry('gcs', { gcs_bucket: 'registry', gcs_resumable_chunk_size: '512KiB' })),
      await input.parse(entry('s3', { ...S3, s3_force_path_style: false })),
      await input.parse(entry('local', { local_base_path: '/srv/a' })),
    ];
    for (const settings of all) {
      expect(await input.parse(input.merged(settings, entry(settings.type)))).toEqual(settings);
    }
  });

  it('clears a secret only with null', async () => {
    const json = { gcs_auth_method: 'service_account', gcs_credentials_json: SERVICE_ACCOUNT };
    const stored = await input.parse(entry('gcs', { gcs_bucket: 'registry', ...json }));
    const toFile = { gcs_credentials_json: null, gcs_credentials_file: '/run/secrets/gcs.json' };
    const changed = await input.parse(input.merged(stored, entry('gcs', toFile)));
    expect(changed).toMatchObject({ credentialsFile: '/run/secrets/gcs.json' });
    expect(changed).not.toHaveProperty('credentialsJson');
  });

  it('to another backend starts from nothing', async () => {
    const stored = await input.parse(entry('s3', { ...S3, ...KEYS }));
    expect(input.merged(stored, entry('gcs', { gcs_bucket: 'b' }))).toEqual({
      backend_type: 'gcs',
      gcs_bucket: 'b',
    });
  });
});

describe('what is shown', () => {
  it('says of secrets only whether they are set, for every backend', async () => {
    const settings = await input.parse(entry('s3', { ...S3, ...KEYS, s3_sse: 'AES256' }));
    const shown = shownFields(settings);
    expect(shown).toEqual({
      s3_bucket: 'registry',
      s3_region: 'eu-central-1',
      s3_auth_method: 'static',
      s3_role_session_name: 'terraform-registry',
      s3_sse: 'AES256',
      s3_access_key_id_set: true,
      s3_secret_access_key_set: true,
      azure_account_key_set: false,
      gcs_credentials_json_set: false,
    });
    expect(JSON.stringify(shown)).not.toMatch(/AKIATESTONLY|test-only-secret/);
  });
});
