import { Injectable } from '@nestjs/common';
import type { Platform } from '../../kernel/terraform/platform.js';
import { MirrorFailure } from '../domain/mirror.errors.js';
import type { ProviderName } from '../domain/name-filter.js';
import { FetchLimits } from '../fetching/fetch-limits.js';
import { RegistryClient } from './registry-client.js';
import { UpstreamFetch } from './upstream-fetch.js';
import type { ProviderService } from './upstream-registry.js';

const NO_BODY = 1024;

/** Asks upstreams how large packages are, without fetching them. What they say is not proved. */
@Injectable()
export class PackageSizes {
  constructor(
    private readonly client: RegistryClient,
    private readonly fetcher: UpstreamFetch,
    private readonly limits: FetchLimits,
  ) {}

  /** The size in bytes, or undefined when the upstream does not say it. */
  async find(
    service: ProviderService,
    wanted: { readonly name: ProviderName; readonly version: string; readonly platform: Platform },
    signal: AbortSignal,
  ): Promise<number | undefined> {
    try {
      const { downloadUrl, filename: what } = await this.client.packageDocument(service, wanted, signal);
      const request = {
        what,
        method: 'HEAD',
        maxBytes: NO_BODY,
        upstream: service.upstream,
        signal,
      } as const;
      const { response } = await this.fetcher.open(downloadUrl, request, this.limits.metadataTimeoutMs);
      await response.body?.cancel();
      const size = /^\d{1,15}$/.exec(response.headers.get('content-length') ?? '')?.[0];
      return response.status === 200 && size !== undefined ? Number(size) : undefined;
    } catch (error) {
      if (!(error instanceof MirrorFailure)) throw error;
      return undefined;
    }
  }
}
