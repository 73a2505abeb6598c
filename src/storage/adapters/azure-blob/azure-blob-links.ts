import {
  BlobSASPermissions,
  generateBlobSASQueryParameters,
  SASProtocol,
  type SASQueryParameters,
  type BlobSASSignatureValues,
} from '@azure/storage-blob';
import { attachment } from '../../../platform/http/content-disposition.js';
import type { AzureSettings } from '../../domain/backend-settings.js';
import type { SignedUrlOptions } from '../../object-store.js';
import type { AzureContainer } from './azure-blob-container.js';
import { DelegationKeys } from './delegation-keys.js';

/** Clocks differ: a link that begins a little earlier is good at once. */
const BACKDATED_MS = 5 * 60_000;

/** Known to every cloud and to caches; a newer one of the SDK would be refused where it is not rolled out yet. */
const SAS_VERSION = '2022-11-02';

/**
 * Links that open one blob for reading (a service SAS, or a user delegation SAS where an identity signs). With a CDN
 * they begin with its address; the signature covers the name of account, container and blob, not the host.
 */
export class AzureBlobLinks {
  private readonly delegationKeys: DelegationKeys;
  private readonly base: string;

  constructor(
    private readonly settings: AzureSettings,
    private readonly azure: AzureContainer,
  ) {
    this.delegationKeys = new DelegationKeys((from, until) =>
      azure.service.getUserDelegationKey(from, until),
    );
    this.base = settings.cdnUrl?.replace(/\/+$/, '') ?? azure.endpoint;
  }

  async link(path: string, { expiresAtMs, filename, contentType }: SignedUrlOptions): Promise<string> {
    const { container, endpoint } = this.azure;
    const signature = await this.sign({
      containerName: this.settings.containerName,
      blobName: path,
      permissions: BlobSASPermissions.parse('r'),
      protocol: endpoint.startsWith('https:') ? SASProtocol.Https : SASProtocol.HttpsAndHttp,
      startsOn: new Date(Date.now() - BACKDATED_MS),
      expiresOn: new Date(expiresAtMs),
      contentDisposition: attachment(filename),
      contentType,
      version: SAS_VERSION,
    });
    return `${this.base}${container.getBlobClient(path).url.slice(endpoint.length)}?${signature.toString()}`;
  }

  private async sign(values: BlobSASSignatureValues): Promise<SASQueryParameters> {
    if (this.azure.key) return generateBlobSASQueryParameters(values, this.azure.key);
    const key = await this.delegationKeys.keyUntil(values.expiresOn!.getTime());
    const end = Math.min(values.expiresOn!.getTime(), key.signedExpiresOn.getTime());
    return generateBlobSASQueryParameters(
      { ...values, expiresOn: new Date(end) },
      key,
      this.settings.accountName,
    );
  }
}
