import { Matches } from 'class-validator';
import { Setting } from './setting.decorator.js';

/** A bucket of S3 or of a compatible service. Fields have the names of `S3Settings`. */
export class StorageS3Config {
  @Setting({
    key: 'storage.s3.endpoint',
    type: 'url',
    defaultText: 'that of AWS in the region',
    description: 'Address of a compatible service.',
  })
  readonly endpoint: string | undefined = undefined;

  @Setting({
    key: 'storage.s3.public_endpoint',
    type: 'url',
    defaultText: '= storage.s3.endpoint',
    description: 'Address in download URLs, when clients reach the store under another name than the server.',
  })
  readonly publicEndpoint: string | undefined = undefined;

  @Setting({
    key: 'storage.s3.region',
    type: 'string',
    defaultText: 'required for s3',
    description: 'Region of the bucket.',
  })
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, { message: 'expected the name of a region such as eu-central-1' })
  readonly region: string | undefined = undefined;

  @Setting({
    key: 'storage.s3.bucket',
    type: 'string',
    defaultText: 'required for s3',
    description: 'Bucket; it must exist.',
  })
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/, {
    message: 'expected the name of a bucket: letters, digits, dots, hyphens and underscores',
  })
  readonly bucket: string | undefined = undefined;

  @Setting({
    key: 'storage.s3.auth_method',
    type: 'string',
    values: ['default', 'static', 'oidc', 'assume_role'],
    meanings: new Map([
      ['access_key', 'static'],
      ['iam_role', 'default'],
      ['web_identity', 'oidc'],
    ]),
    defaultText: 'default; static when both keys are set',
    description:
      'default: what AWS offers on the machine; oidc: a web identity token. The names access_key, iam_role and web_identity of the setup wizard mean static, default and oidc.',
  })
  readonly authMethod: 'default' | 'static' | 'oidc' | 'assume_role' | undefined = undefined;

  @Setting({ key: 'storage.s3.access_key_id', type: 'secret', description: 'For static: access key.' })
  readonly accessKeyId: string | undefined = undefined;

  @Setting({
    key: 'storage.s3.secret_access_key',
    type: 'secret',
    description: 'For static: secret of the access key.',
  })
  readonly secretAccessKey: string | undefined = undefined;

  @Setting({
    key: 'storage.s3.role_arn',
    type: 'string',
    description: 'For oidc and assume_role: the role to take.',
  })
  readonly roleArn: string | undefined = undefined;

  @Setting({
    key: 'storage.s3.role_session_name',
    type: 'string',
    description: 'For oidc and assume_role: name of the session in the logs of AWS.',
  })
  @Matches(/^[\w+=,.@-]{2,64}$/, { message: 'expected 2 to 64 letters, digits and +=,.@_-' })
  readonly roleSessionName: string = 'terraform-registry';

  @Setting({
    key: 'storage.s3.external_id',
    type: 'string',
    description: 'For assume_role: the id that the owner of the role asks for.',
  })
  readonly externalId: string | undefined = undefined;

  @Setting({
    key: 'storage.s3.web_identity_token_file',
    type: 'path',
    defaultText: 'that of AWS_WEB_IDENTITY_TOKEN_FILE',
    description: 'For oidc: file with the token; read again when it changes.',
  })
  readonly webIdentityTokenFile: string | undefined = undefined;

  @Setting({
    key: 'storage.s3.force_path_style',
    type: 'bool',
    defaultText: 'true with storage.s3.endpoint, else false',
    description: 'Whether the bucket stands in the path of addresses instead of in the host name.',
  })
  readonly forcePathStyle: boolean | undefined = undefined;

  @Setting({
    key: 'storage.s3.storage_class',
    type: 'string',
    defaultText: 'that of the bucket',
    description: 'Storage class of new objects. Classes that need a restore before reading are refused.',
  })
  @Matches(/^(?!(?:GLACIER|DEEP_ARCHIVE)$)[\w-]{1,64}$/i, {
    message:
      'expected a storage class that can be read at once, such as STANDARD_IA or GLACIER_IR; GLACIER and DEEP_ARCHIVE need a restore first',
  })
  readonly storageClass: string | undefined = undefined;

  @Setting({
    key: 'storage.s3.sse',
    type: 'string',
    values: ['none', 'AES256', 'aws:kms'],
    defaultText: 'that of the bucket',
    description: 'Encryption of new objects by the store.',
  })
  readonly sse: 'none' | 'AES256' | 'aws:kms' | undefined = undefined;

  @Setting({
    key: 'storage.s3.sse_kms_key_id',
    type: 'string',
    defaultText: 'the key of the account',
    description: 'For aws:kms: id or ARN of the key.',
  })
  readonly sseKmsKeyId: string | undefined = undefined;
}
