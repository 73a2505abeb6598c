import { Injectable } from '@nestjs/common';
import { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { Version } from '../kernel/terraform/version.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import type { IncomingPackage, PublisherSums } from './domain/provider-release.js';
import type { PublishedRelease } from './provider-publishing.service.js';
import { ProviderReleaseRecorder } from './provider-release-recorder.service.js';

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

/** How a release comes in. */
export interface MirroredAdmission {
  /** Runs first in the transaction, and throws when the caller has lost its right to write. */
  readonly fence?: () => Promise<void>;
  /**
   * One of many: lists of versions may show it so much later, in milliseconds; who is through with them calls
   * `PostponedLists.settle`. Absent: at once.
   */
  readonly listWithinMs?: number;
}

/** Records what mirrors fetched, by the same path as what is published here. */
@Injectable()
export class ProviderIngest {
  constructor(
    private readonly namespaces: Namespaces,
    private readonly recorder: ProviderReleaseRecorder,
  ) {}

  /**
   * Adds packages to a version, and version and provider when they are new. What is here already with the same digest
   * is left as it is.
   *
   * @throws ProviderPublishedHere the address belongs to a provider published by hand
   * @throws MirroredElsewhere the address is mirrored for another organization
   * @throws ProviderReleaseDiffers the version is, or was, here with other bytes
   * @throws ProviderVersionQuarantined, InvalidReleaseChecksums, InvalidAddress, InvalidVersion, ProviderReleaseBusy
   */
  async ingest(
    origin: MirroredOrigin,
    release: MirroredRelease,
    admission: MirroredAdmission = {},
  ): Promise<PublishedRelease> {
    const address = ProviderAddress.parse(origin).from(origin.host);
    const version = Version.parseExact(release.version);
    const grant = await this.namespaces.grantMirrored(address, origin);
    const { packages, protocols, sums } = release;
    const incoming = { packages, protocols, sums, ...admission };
    const recorded = await this.recorder.record(grant, address, version, incoming, {
      source: address.readers,
    });
    return { ...recorded, packages };
  }
}
