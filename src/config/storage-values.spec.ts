import { describe, expect, it } from 'vitest';
import { ConfigProblems } from './config-problems.js';
import { loadConfig } from './load-config.js';

const BASE = {
  TFR_DATABASE_HOST: 'db.internal',
  ENCRYPTION_KEY: 'hex:8f1c0b5e7a934d26e8b1f05a6c7d3924b0e1f2a3958674d5c6e7f80912a3b4c5',
  TFR_JWT_SECRET: 'q7Zt2mXw9Lk4Vb1Nc8Rf5Yh3Jd6Gs0Pa',
};
type Env = Record<string, string>;

/** Settings below `storage` by the rest of their YAML key: `s3.bucket` is `TFR_STORAGE_S3_BUCKET`. */
const storage = (settings: Env): Env =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      `TFR_STORAGE_${key.toUpperCase().replaceAll('.', '_')}`,
      value,
    ]),
  );

/** Each problem as `key: message`. */
function problemsOf(env: Env): string[] {
  try {
    loadConfig({ env: { ...BASE, ...env }, argv: [], cwd: '/nowhere' });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return error.problems.map(({ name, message }) => `${name}: ${message}`);
  }
}

describe('values of the backends', () => {
  const refused: [string, string, string][] = [
    ['azure.access_tier', 'Archive', 'what is in Archive cannot be downloaded'],
    ['azure.mirror_access_tier', 'Archive', 'what is in Archive cannot be downloaded'],
    ['azure.account_name', 'ab', '3 to 24'],
    ['azure.account_name', 'a'.repeat(25), '3 to 24'],
    ['azure.container_name', 'ab', '3 to 63'],
    ['azure.container_name', 'a'.repeat(64), '3 to 63'],
    ['azure.container_name', 'a--b', '3 to 63'],
    ['azure.account_key', 'not base64!', 'base64'],
    ['azure.sas_token_expiry', '59s', 'from 1m to 7d'],
    ['azure.sas_token_expiry', '7d1s', 'from 1m to 7d'],
    ['s3.storage_class', 'GLACIER', 'need a restore'],
    ['s3.storage_class', 'deep_archive', 'need a restore'],
    ['s3.bucket', 'a/b', 'the name of a bucket'],
    ['s3.region', 'eu central', 'the name of a region'],
    ['s3.role_session_name', 'a', '2 to 64'],
    ['s3.role_session_name', 'a'.repeat(65), '2 to 64'],
    ['s3.sse', 'aes', 'one of none, AES256, aws:kms'],
    ['s3.endpoint', 'minio:9000', 'http or https'],
    ['s3.public_endpoint', 'https://u:p@minio', 'without user'],
    ['gcs.bucket', 'Upper', 'the name of a bucket'],
    ['gcs.resumable_chunk_size', '0', 'from 256KiB to 64MiB'],
    ['gcs.resumable_chunk_size', '255KiB', '256KiB'],
    ['gcs.resumable_chunk_size', '64.25MiB', 'a size'],
    ['gcs.resumable_chunk_size', '65MiB', 'from 256KiB to 64MiB'],
    ['gcs.resumable_chunk_size', '300KiB', 'a multiple of 256KiB'],
    ['probe_timeout', '999ms', 'from 1s to 1m'],
    ['probe_timeout', '1m1s', 'from 1s to 1m'],
    ['mirror_url_ttl', '59s', 'from 1m to 7d'],
    ['mirror_url_ttl', '8d', 'from 1m to 7d'],
    ['cdn_mode', 'open', 'one of signed, public'],
    ['config_source', 'stored', 'one of auto, file'],
  ];
  it.each(refused)('refuse %s=%s and say what is expected', (key, value, words) => {
    const problems = problemsOf(storage({ sweep_grace: '30d', [key]: value }));
    expect(problems).toEqual([expect.stringContaining(`storage.${key}: expected`)]);
    expect(problems[0]).toContain(words);
  });

  const taken: [string, string][] = [
    ['azure.access_tier', 'Cold'],
    ['azure.account_name', 'abc'],
    ['azure.account_name', 'a'.repeat(24)],
    ['azure.container_name', 'a-b'],
    ['azure.container_name', 'a'.repeat(63)],
    ['azure.sas_token_expiry', '1m'],
    ['azure.sas_token_expiry', '7d'],
    ['s3.storage_class', 'GLACIER_IR'],
    ['s3.storage_class', 'INTELLIGENT_TIERING'],
    ['s3.role_session_name', 'ab'],
    ['s3.role_session_name', 'a'.repeat(64)],
    ['gcs.storage_class', 'ARCHIVE'],
    ['gcs.resumable_chunk_size', '256KiB'],
    ['gcs.resumable_chunk_size', '64MiB'],
    ['probe_timeout', '1s'],
    ['probe_timeout', '1m'],
    ['mirror_url_ttl', '1m'],
    ['mirror_url_ttl', '7d'],
  ];
  it.each(taken)('take %s=%s', (key, value) => {
    expect(problemsOf(storage({ sweep_grace: '30d', [key]: value }))).toEqual([]);
  });

  it('do not quote a secret that has the wrong form', () => {
    const problems = problemsOf(storage({ 'azure.account_key': 'hunter2-hunter2-hunter2' }));
    expect(problems.join()).not.toContain('hunter2');
  });
});
