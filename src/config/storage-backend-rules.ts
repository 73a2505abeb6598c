import type { StorageAzureConfig } from './storage-azure.config.js';
import type { StorageGcsConfig } from './storage-gcs.config.js';
import type { StorageS3Config } from './storage-s3.config.js';

/** Something that the description of a backend lacks, or that contradicts the rest of it. */
export interface BackendFault {
  /** The last part of the name of the setting, e.g. `bucket` of `storage.s3.bucket`. */
  readonly name: string;
  /** What would be right, e.g. `the name of a bucket`. */
  readonly expected: string;
  /** Which other setting asks for it, where one does. */
  readonly because?: string;
}

/** The authentication method of S3: `static` when both keys are given and nothing else is said. */
export function s3AuthMethod(s3: StorageS3Config): NonNullable<StorageS3Config['authMethod']> {
  const hasKeys = s3.accessKeyId !== undefined && s3.secretAccessKey !== undefined;
  return s3.authMethod ?? (hasKeys ? 'static' : 'default');
}

/** What keeps these settings from describing a container. */
export function azureFaults(azure: StorageAzureConfig): BackendFault[] {
  const { accountName, accountKey, containerName, authMethod } = azure;
  const key = { expected: 'the key of the account', because: 'auth_method is key' };
  return [
    ...unless(accountName, { name: 'account_name', expected: 'the name of a storage account' }),
    ...unless(containerName, { name: 'container_name', expected: 'the name of a container' }),
    ...(authMethod === 'key' ? unless(accountKey, { name: 'account_key', ...key }) : []),
  ];
}

/** What keeps these settings from describing a bucket. */
export function s3Faults(s3: StorageS3Config): BackendFault[] {
  const { region, bucket, accessKeyId, secretAccessKey, roleArn, sse, sseKmsKeyId } = s3;
  const method = s3AuthMethod(s3);
  const isHalfGiven = (accessKeyId === undefined) !== (secretAccessKey === undefined);
  const needsKeys = method === 'static' || isHalfGiven;
  const keys = { because: method === 'static' ? 'auth_method is static' : 'the other half is given' };
  const role = { expected: 'the ARN of a role', because: `auth_method is ${method}` };
  const takesRole = method === 'oidc' || method === 'assume_role';
  const encryption = { name: 'sse', expected: 'aws:kms', because: 'sse_kms_key_id is given' };
  return [
    ...unless(bucket, { name: 'bucket', expected: 'the name of a bucket' }),
    ...unless(region, { name: 'region', expected: 'the region of the bucket' }),
    ...(needsKeys ? unless(accessKeyId, { name: 'access_key_id', expected: 'an access key', ...keys }) : []),
    ...(needsKeys
      ? unless(secretAccessKey, {
          name: 'secret_access_key',
          expected: 'the secret of the access key',
          ...keys,
        })
      : []),
    ...(takesRole ? unless(roleArn, { name: 'role_arn', ...role }) : []),
    ...(sseKmsKeyId !== undefined && sse !== 'aws:kms' ? [encryption] : []),
  ];
}

/** What keeps these settings from describing a bucket. */
export function gcsFaults(gcs: StorageGcsConfig): BackendFault[] {
  const { bucket, authMethod, credentialsFile, credentialsJson } = gcs;
  const credentials = {
    name: 'credentials_file',
    expected: 'the name of a file with the credentials, or these in credentials_json',
    because: 'auth_method is service_account',
  };
  const twice = { name: 'credentials_json', expected: 'nothing', because: 'credentials_file is given' };
  return [
    ...unless(bucket, { name: 'bucket', expected: 'the name of a bucket' }),
    ...(authMethod === 'service_account' ? unless(credentialsJson ?? credentialsFile, credentials) : []),
    ...(credentialsFile !== undefined && credentialsJson !== undefined ? [twice] : []),
  ];
}

function unless(value: string | undefined, fault: BackendFault): BackendFault[] {
  return value === undefined ? [fault] : [];
}
