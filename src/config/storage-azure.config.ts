import { Matches } from 'class-validator';
import { Setting } from './setting.decorator.js';

const MINUTE = 60_000;
const WEEK = 7 * 86_400_000;
const TIERS = {
  type: 'string',
  values: ['Hot', 'Cool', 'Cold'],
  expected: 'Hot, Cool or Cold; what is in Archive cannot be downloaded',
} as const;

/** A container of Azure Blob Storage. Fields have the names of `AzureSettings`. */
export class StorageAzureConfig {
  @Setting({
    key: 'storage.azure.account_name',
    type: 'string',
    defaultText: 'required for azure',
    description: 'Storage account.',
  })
  @Matches(/^[a-z0-9]{3,24}$/, { message: 'expected 3 to 24 lower-case letters and digits' })
  readonly accountName: string | undefined = undefined;

  @Setting({
    key: 'storage.azure.account_key',
    type: 'secret',
    defaultText: 'required for auth_method key',
    description: 'Access key of the account, in base64 as the portal shows it.',
  })
  @Matches(/^[A-Za-z0-9+/]{16,}={0,2}$/, { message: 'expected base64, as the portal shows it' })
  readonly accountKey: string | undefined = undefined;

  @Setting({
    key: 'storage.azure.container_name',
    type: 'string',
    defaultText: 'required for azure',
    description: 'Container; it must exist.',
  })
  @Matches(/^(?=.{3,63}$)(?:[a-z0-9](?:-?[a-z0-9])*|\$root)$/, {
    message: 'expected 3 to 63 lower-case letters, digits and single hyphens',
  })
  readonly containerName: string | undefined = undefined;

  @Setting({
    key: 'storage.azure.auth_method',
    type: 'string',
    values: ['key', 'managed_identity', 'workload_identity'],
    description: 'How the server proves who it is. Without key, its identity also signs download URLs.',
  })
  readonly authMethod: 'key' | 'managed_identity' | 'workload_identity' = 'key';

  @Setting({
    key: 'storage.azure.endpoint',
    type: 'url',
    defaultText: 'that of the account in the public cloud',
    description: 'Address of the blob service: sovereign clouds, emulators.',
  })
  readonly endpoint: string | undefined = undefined;

  @Setting({
    key: 'storage.azure.cdn_url',
    type: 'url',
    description: 'Download URLs name this host instead of that of the account; the signature is kept.',
  })
  readonly cdnUrl: string | undefined = undefined;

  @Setting({
    key: 'storage.azure.sas_token_expiry',
    type: 'duration',
    min: MINUTE,
    max: WEEK,
    defaultText: '= storage.url_ttl',
    description: 'Life of download URLs of this backend.',
  })
  readonly urlTtlMs: number | undefined = undefined;

  @Setting({
    key: 'storage.azure.access_tier',
    ...TIERS,
    defaultText: 'that of the account',
    description: 'Access tier of new blobs.',
  })
  readonly accessTier: 'Hot' | 'Cool' | 'Cold' | undefined = undefined;

  @Setting({
    key: 'storage.azure.mirror_access_tier',
    ...TIERS,
    defaultText: '= storage.azure.access_tier',
    description: 'Access tier of mirrored content.',
  })
  readonly mirrorAccessTier: 'Hot' | 'Cool' | 'Cold' | undefined = undefined;
}
