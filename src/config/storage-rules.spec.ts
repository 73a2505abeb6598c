import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ConfigProblems } from './config-problems.js';
import { type LoadedConfig, loadConfig } from './load-config.js';

const BASE = {
  TFR_DATABASE_HOST: 'db.internal',
  ENCRYPTION_KEY: 'hex:8f1c0b5e7a934d26e8b1f05a6c7d3924b0e1f2a3958674d5c6e7f80912a3b4c5',
  TFR_JWT_SECRET: 'q7Zt2mXw9Lk4Vb1Nc8Rf5Yh3Jd6Gs0Pa',
};
const ACCOUNT_KEY = 'dGVzdC1vbmx5LWFjY291bnQta2V5';

type Env = Record<string, string>;

/** Settings below `storage` by the rest of their YAML key: `s3.bucket` is `TFR_STORAGE_S3_BUCKET`. */
const storage = (settings: Env): Env =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      `TFR_STORAGE_${key.toUpperCase().replaceAll('.', '_')}`,
      value,
    ]),
  );

const S3 = storage({ default_backend: 's3', 's3.bucket': 'registry', 's3.region': 'eu-central-1' });
const AZURE = storage({
  default_backend: 'azure',
  'azure.account_name': 'registry1',
  'azure.container_name': 'blobs',
  'azure.account_key': ACCOUNT_KEY,
});
const GCS = storage({ default_backend: 'gcs', 'gcs.bucket': 'registry' });

const load = (env: Env): LoadedConfig => loadConfig({ env: { ...BASE, ...env }, argv: [], cwd: '/nowhere' });
const configOf = (env: Env) => load(env).config.storage;

/** Each problem as `key: message`. */
function problemsOf(env: Env): string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return error.problems.map(({ name, message }) => `${name}: ${message}`);
  }
}

describe('a backend in use must be complete', () => {
  it('which the sentence says with the name of the variable', () => {
    expect(problemsOf(storage({ default_backend: 's3' }))).toEqual([
      'storage.s3.bucket: expected the name of a bucket in TFR_STORAGE_S3_BUCKET, because storage.default_backend is s3',
      'storage.s3.region: expected the region of the bucket in TFR_STORAGE_S3_REGION, because storage.default_backend is s3',
    ]);
    expect(problemsOf(storage({ default_backend: 'azure' }))).toEqual([
      'storage.azure.account_name: expected the name of a storage account in TFR_STORAGE_AZURE_ACCOUNT_NAME, because storage.default_backend is azure',
      'storage.azure.container_name: expected the name of a container in TFR_STORAGE_AZURE_CONTAINER_NAME, because storage.default_backend is azure',
      'storage.azure.account_key: expected the key of the account in TFR_STORAGE_AZURE_ACCOUNT_KEY, because auth_method is key',
    ]);
    expect(problemsOf(storage({ default_backend: 'gcs' }))).toEqual([
      'storage.gcs.bucket: expected the name of a bucket in TFR_STORAGE_GCS_BUCKET, because storage.default_backend is gcs',
    ]);
  });

  it('and then is taken', () => {
    for (const env of [S3, AZURE, GCS]) expect(problemsOf(env)).toEqual([]);
  });

  const needs: [string, Env, string[]][] = [
    ['static keys', storage({ 's3.auth_method': 'static' }), ['access_key_id', 'secret_access_key']],
    ['the other half of the keys', storage({ 's3.access_key_id': 'AKIA' }), ['secret_access_key']],
    ['a role to assume', storage({ 's3.auth_method': 'assume_role' }), ['role_arn']],
    ['a role for a token', storage({ 's3.auth_method': 'oidc' }), ['role_arn']],
    ['KMS for a KMS key', storage({ 's3.sse_kms_key_id': 'k' }), ['sse']],
  ];
  it.each(needs)('with what S3 asks for: %s', (_, env, names) => {
    const found = problemsOf({ ...S3, ...env }).map((problem) => problem.split(':')[0]);
    expect(found).toEqual(names.map((name) => `storage.s3.${name}`));
  });

  it('with a key for Azure, unless an identity is used', () => {
    const { TFR_STORAGE_AZURE_ACCOUNT_KEY: _key, ...keyless } = AZURE;
    expect(problemsOf(keyless)[0]).toContain('TFR_STORAGE_AZURE_ACCOUNT_KEY');
    for (const method of ['managed_identity', 'workload_identity']) {
      expect(problemsOf({ ...keyless, ...storage({ 'azure.auth_method': method }) })).toEqual([]);
    }
  });

  it('with credentials of a Google service account, once', () => {
    const service = { ...GCS, ...storage({ 'gcs.auth_method': 'service_account' }) };
    expect(problemsOf(service)[0]).toContain('TFR_STORAGE_GCS_CREDENTIALS_FILE');
    const file = storage({ 'gcs.credentials_file': '/run/gcs.json' });
    const json = storage({ 'gcs.credentials_json': '{}' });
    expect(problemsOf({ ...service, ...file })).toEqual([]);
    expect(problemsOf({ ...service, ...json })).toEqual([]);
    expect(problemsOf({ ...service, ...file, ...json })).toHaveLength(1);
  });

  it('while another one that is only begun is ignored with a warning', () => {
    const begun = load(storage({ 's3.region': 'eu-central-1' }));
    expect(begun.warnings).toEqual([
      'storage.s3 is not complete and is ignored, so objects that are stored there cannot be read: storage.s3.bucket (expected the name of a bucket).',
    ]);
    expect(load(storage({ 's3.region': 'eu-central-1', 's3.bucket': 'old' })).warnings).toEqual([]);
    expect(load(storage({ 'gcs.credentials_json': '{}' })).warnings.join()).toContain('storage.gcs.bucket');
    const harmless = {
      's3.force_path_style': 'false',
      's3.auth_method': 'default',
      'azure.auth_method': 'key',
    };
    expect(load(storage(harmless)).warnings).toEqual([]);
  });
});

describe('how the server proves who it is', () => {
  it('is by the keys of S3 when both are set and nothing else is said', () => {
    const keys = storage({ 's3.access_key_id': 'AKIA', 's3.secret_access_key': 'test-only' });
    expect(configOf(S3).s3.authMethod).toBe('default');
    expect(configOf({ ...S3, ...keys }).s3.authMethod).toBe('static');
    expect(configOf({ ...S3, ...keys, ...storage({ 's3.auth_method': 'default' }) }).s3.authMethod).toBe(
      'default',
    );
  });

  it.each([
    ['access_key', 'static'],
    ['iam_role', 'default'],
    ['web_identity', 'oidc'],
    ['assume_role', 'assume_role'],
  ])('may be said to S3 in the words of the wizard: %s', (word, method) => {
    const more = { 's3.access_key_id': 'AKIA', 's3.secret_access_key': 'test-only', 's3.role_arn': 'arn' };
    expect(configOf({ ...S3, ...storage({ ...more, 's3.auth_method': word }) }).s3.authMethod).toBe(method);
  });

  it.each(['credentials_file', 'credentials_json'])(
    'may be said to Google in the words of the wizard: %s',
    (word) => {
      const more = storage({ 'gcs.credentials_json': '{}', 'gcs.auth_method': word });
      expect(configOf({ ...GCS, ...more }).gcs.authMethod).toBe('service_account');
    },
  );

  it('is told when credentials of Google are not used', () => {
    const { warnings } = load({ ...GCS, ...storage({ 'gcs.credentials_json': '{}' }) });
    expect(warnings[0]).toContain('storage.gcs.auth_method is default');
  });

  it('is a word that exists, also when objects have it by nature', () => {
    for (const word of ['constructor', 'STATIC', 'keys']) {
      expect(problemsOf({ ...S3, ...storage({ 's3.auth_method': word }) })).toHaveLength(1);
    }
  });
});

describe('the grace of the sweep', () => {
  const lives = ['mirror_url_ttl', 'azure.sas_token_expiry', 'url_ttl'];
  it.each(lives)('is longer than storage.%s', (key) => {
    const [life, more] = ['24h', '24h1s'];
    expect(problemsOf(storage({ [key]: life, sweep_grace: life }))).toEqual([
      expect.stringContaining(`storage.sweep_grace: expected more than storage.${key}`),
    ]);
    expect(problemsOf(storage({ [key]: life, sweep_grace: more }))).toEqual([]);
  });

  it('is longer than an upload', () => {
    const upload = { TFR_SERVER_UPLOAD_TIMEOUT: '2h' };
    expect(problemsOf({ ...upload, ...storage({ sweep_grace: '2h' }) })).toHaveLength(1);
    expect(problemsOf({ ...upload, ...storage({ sweep_grace: '2h1s' }) })).toEqual([]);
  });
});

describe('a CDN', () => {
  const cdn = storage({ cdn_url: 'https://cdn.example.com/' });
  const isPublic = storage({ cdn_mode: 'public' });

  it('is needed for plain addresses, which everybody may open', () => {
    expect(configOf({ ...cdn, ...isPublic })).toMatchObject({
      cdnUrl: 'https://cdn.example.com',
      cdnMode: 'public',
    });
    expect(problemsOf(isPublic)).toEqual([expect.stringContaining('storage.cdn_url: expected')]);
    const closed: Env[] = [{ TFR_AUTH_ANONYMOUS_READ: 'false' }, { TFR_MULTI_TENANCY_ENABLED: 'true' }];
    for (const env of closed) {
      expect(problemsOf({ ...cdn, ...isPublic, ...env })).toEqual([
        expect.stringContaining('storage.cdn_mode: expected signed, because auth.anonymous_read is false'),
      ]);
      expect(problemsOf({ ...cdn, ...env })).toEqual([]);
    }
  });

  it('is needed when this server does not stream local files', () => {
    const indirect = storage({ 'local.serve_directly': 'false' });
    expect(problemsOf(indirect)).toEqual([
      'storage.cdn_url: expected the address of a CDN, because storage.local.serve_directly is false',
    ]);
    expect(configOf({ ...indirect, ...cdn }).localServeDirectly).toBe(false);
    expect(configOf({}).localServeDirectly).toBe(true);
  });
});

describe('directories', () => {
  it('spool beside local storage, and where the system likes it for others', () => {
    expect(configOf({}).tempDir).toBe('/nowhere/storage/.staging');
    expect(configOf(storage({ 'local.base_path': '/srv/r' })).tempDir).toBe('/srv/r/.staging');
    for (const env of [S3, AZURE, GCS]) expect(configOf(env).tempDir).toBe(tmpdir());
    expect(configOf({ ...S3, ...storage({ temp_dir: 'spool' }) }).tempDir).toBe('/nowhere/spool');
  });

  it('of stored configurations lie below the usual ones unless others are named', () => {
    expect(configOf({}).localAllowedRoots).toEqual(['/nowhere/storage', '/nowhere/data']);
    expect(configOf(storage({ 'local.base_path': '/srv/r' })).localAllowedRoots).toEqual([
      '/srv/r',
      '/nowhere/data',
      '/nowhere/storage',
    ]);
    expect(configOf(storage({ 'local.allowed_roots': 'a,/b' })).localAllowedRoots).toEqual([
      '/nowhere/a',
      '/b',
    ]);
  });

  it('need not be shared by replicas that store elsewhere', () => {
    const replicas = { TFR_REPLICAS: '2' };
    expect(problemsOf(replicas)[0]).toContain('storage.local.shared');
    for (const env of [S3, AZURE, GCS]) expect(problemsOf({ ...replicas, ...env })).toEqual([]);
  });
});

it('keeps the secrets of backends out of what is printed', () => {
  const secrets = storage({
    's3.access_key_id': 'AKIAHIDDENHIDDEN',
    's3.secret_access_key': 'hidden-secret-key',
    'azure.account_key': ACCOUNT_KEY,
    'gcs.credentials_json': '{"private_key":"hidden"}',
  });
  const text = load({ ...S3, ...secrets }).describe();
  expect(text).toContain('storage.s3.secret_access_key = ***');
  for (const hidden of ['AKIAHIDDEN', 'hidden', ACCOUNT_KEY]) expect(text).not.toContain(hidden);
});
