import { Injectable } from '@nestjs/common';
import type { IncomingPackage, PublisherSums } from './domain/provider-release.js';
import type { PublishedRelease } from './provider-publishing.service.js';

/** Where a mirrored provider comes from, and for whom it is here. */
export interface MirroredOrigin {
  /** Host name of the upstream, in lower case, with a port that is not the usual one. */
  readonly host: string;
  readonly namespace: string;
  readonly type: string;
  /** The organization whose readers may have it; `null`: everybody who may read anything here. */
  readonly organizationId: string | null;
  /** When the mirror was made: among several upstreams of one name the oldest is meant. */
  readonly since: Date;
  /** Who is named in the record, e.g. `mirror public registry`. */
  readonly actor: { readonly userId: string | null; readonly name: string };
}

/** Packages of one version whose bytes, digests and signed checksums were verified. */
export interface MirroredRelease {
  /** The exact text of the upstream. */
  readonly version: string;
  readonly protocols: readonly string[];
  readonly packages: readonly (IncomingPackage & { readonly path: string })[];
  readonly sums: PublisherSums;
}

/** Records what mirrors fetched, by the same path as what is published here. */
@Injectable()
export class ProviderIngest {
  /**
   * Adds packages to a version, and version and provider when they are new. What is here already with the same digest
   * is left as it is. `fence` runs first in the transaction and throws when the caller has lost its right to write.
   *
   * @throws ProviderPublishedHere the address belongs to a provider published by hand
   * @throws MirroredElsewhere the address is mirrored for another organization
   * @throws ProviderReleaseDiffers the version is here with other bytes
   */
  ingest(
    _origin: MirroredOrigin,
    _release: MirroredRelease,
    _fence?: () => Promise<void>,
  ): Promise<PublishedRelease> {
    return Promise.reject(new Error('not built'));
  }
}
