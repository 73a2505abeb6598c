/** The kinds of storage backend, by the names of the REST contract. */
export type BackendType = 'local' | 'azure' | 's3' | 'gcs';

export const BACKEND_TYPES: readonly BackendType[] = ['local', 'azure', 's3', 'gcs'];

/** A directory of the server. */
export interface LocalSettings {
  readonly type: 'local';
  readonly basePath: string;
  /** `false`: links always name the CDN of `storage.cdn_url`, which fetches from this server. */
  readonly serveDirectly: boolean;
}

/** Access tiers from which a blob can be read at once. */
export type AzureAccessTier = 'Hot' | 'Cool' | 'Cold';

/** The variables with which a platform of Azure describes the identity that it gives to a process. */
export interface AzurePlatformIdentity {
  /** `AZURE_CLIENT_ID`: names a user-assigned identity. */
  readonly clientId?: string | undefined;
  /** `AZURE_FEDERATED_TOKEN_FILE`: a token that is exchanged at Entra ID. */
  readonly federatedTokenFile?: string | undefined;
}

/** A container of Azure Blob Storage. */
export interface AzureSettings {
  readonly type: 'azure';
  readonly accountName: string;
  readonly containerName: string;
  readonly authMethod: 'key' | 'managed_identity' | 'workload_identity';
  /** What the platform says about the identity of this process, for the two others. */
  readonly platformIdentity?: AzurePlatformIdentity;
  /** Base64; present for `key`. */
  readonly accountKey?: string;
  /** Address of the blob service of the account; that of the public cloud unless given. */
  readonly endpoint?: string;
  /** Replaces scheme, host and leading path of signed URLs; the signature is kept. */
  readonly cdnUrl?: string;
  /** Life of signed URLs; that of `storage.url_ttl` unless given. */
  readonly urlTtlMs?: number;
  readonly accessTier?: AzureAccessTier;
  /** Tier of mirrored content; that of `accessTier` unless given. */
  readonly mirrorAccessTier?: AzureAccessTier;
}

/** A bucket of S3 or of a compatible service. */
export interface S3Settings {
  readonly type: 's3';
  readonly region: string;
  readonly bucket: string;
  readonly authMethod: 'default' | 'static' | 'oidc' | 'assume_role';
  /** AWS unless given. */
  readonly endpoint?: string;
  /** The name under which clients reach the store, in signed URLs; `endpoint` unless given. */
  readonly publicEndpoint?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly roleArn?: string;
  readonly roleSessionName?: string;
  readonly externalId?: string;
  /** For `oidc`; that of `AWS_WEB_IDENTITY_TOKEN_FILE` unless given. */
  readonly webIdentityTokenFile?: string;
  /** `true` with an endpoint unless given. */
  readonly forcePathStyle?: boolean;
  readonly storageClass?: string;
  readonly sse?: 'none' | 'AES256' | 'aws:kms';
  readonly sseKmsKeyId?: string;
}

/** A bucket of Google Cloud Storage. */
export interface GcsSettings {
  readonly type: 'gcs';
  readonly bucket: string;
  readonly authMethod: 'default' | 'service_account' | 'workload_identity';
  readonly projectId?: string;
  /** For `service_account` and `workload_identity`: a credentials file. */
  readonly credentialsFile?: string;
  /** The content of such a file. */
  readonly credentialsJson?: string;
  /** Google unless given. */
  readonly endpoint?: string;
  readonly storageClass?: string;
  /** Larger uploads use resumable sessions with chunks of this size. */
  readonly resumableChunkBytes?: number;
}

/** A complete description of one place where objects are kept, with its secrets. Never logged or shown as it is. */
export type BackendSettings = LocalSettings | AzureSettings | S3Settings | GcsSettings;
