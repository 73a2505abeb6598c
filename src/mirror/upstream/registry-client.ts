import type { Platform } from '../../kernel/terraform/platform.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { ProviderListing, UnreadableLine } from '../domain/provider-listing.js';
import type { ProviderService, UpstreamRegistry } from './upstream-registry.js';

/** The providers that an upstream lists. */
export interface ProviderNames {
  readonly names: readonly ProviderName[];
  readonly unreadable: readonly UnreadableLine[];
}

/** The versions of a provider, or that they are those of the ETag that was sent. */
export type ListingAnswer =
  | { readonly kind: 'listing'; readonly listing: ProviderListing; readonly etag?: string }
  | { readonly kind: 'not-modified' };

/** What an upstream says about one package. Nothing of it is proved. */
export interface PackageDocument {
  readonly name: ProviderName;
  /** The exact text of the upstream. */
  readonly version: string;
  readonly platform: Platform;
  /** Always `terraform-provider-<type>_<version>_<os>_<arch>.zip`. */
  readonly filename: string;
  /** 64 lower-case hex digits. */
  readonly digest: string;
  /** In the form `5.0`. */
  readonly protocols: readonly string[];
  readonly downloadUrl: URL;
  readonly shasumsUrl: URL;
  readonly signatureUrl: URL;
  /** Armored public keys as they came. */
  readonly keys: readonly string[];
  /** Those of them that came with the signature of somebody who vouches for them; absent when there are none. */
  readonly vouched?: readonly VouchedKey[];
}

/** A key that an upstream says somebody else vouches for. Nothing of it is proved. */
export interface VouchedKey {
  /** Armored public key as it came: the signature is of its bytes. */
  readonly armor: string;
  /** Armored detached signature. */
  readonly signature: string;
}

/**
 * What a mirror asks an upstream registry. Every answer was checked for form; failures are `MirrorFailure`s: transient
 * ones may be tried again, `UpstreamNotFound` means that the upstream answered and does not have it.
 */
export abstract class RegistryClient {
  /** Finds where the upstream answers the provider protocol. */
  abstract discover(upstream: UpstreamRegistry, signal?: AbortSignal): Promise<ProviderService>;

  /** All providers of a namespace, or all there are. Not every registry can list them: `UpstreamNotFound`. */
  abstract listProviders(
    service: ProviderService,
    namespace?: string,
    signal?: AbortSignal,
  ): Promise<ProviderNames>;

  /** The versions of a provider. `etag` is what the last answer had. */
  abstract versions(
    service: ProviderService,
    name: ProviderName,
    known?: { readonly etag?: string },
    signal?: AbortSignal,
  ): Promise<ListingAnswer>;

  /** The description of one package; what it says about itself is what was asked for. */
  abstract packageDocument(
    service: ProviderService,
    wanted: { readonly name: ProviderName; readonly version: string; readonly platform: Platform },
    signal?: AbortSignal,
  ): Promise<PackageDocument>;
}
