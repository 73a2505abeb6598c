import { Injectable } from '@nestjs/common';
import { PublishingConfig } from '../config/publishing.config.js';
import { packageFilename } from '../kernel/terraform/package-filename.js';
import type { Platform } from '../kernel/terraform/platform.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { Version } from '../kernel/terraform/version.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { ArchiveRejected } from '../platform/archives/archives.errors.js';
import { failpoint } from '../platform/failpoints/failpoint.js';
import type { ProviderVersion } from './domain/provider-version.js';
import { InvalidProviderBinary, ProviderSignatureRequired } from './domain/providers.errors.js';
import type { RegistryProvider } from './domain/registry-provider.js';
import { type DocumentationUpload, ProviderDocumentation } from './provider-documentation.service.js';
import { ProviderPackageInspector } from './provider-package-inspector.js';
import type { ProviderDescription } from './provider-registration.service.js';
import { type InspectedPackage, ProviderReleaseRecorder } from './provider-release-recorder.service.js';
import { PublisherSignatures, type SentSignature } from './publisher-signatures.service.js';

/** One uploaded zip: where it is spooled, its size in bytes and its SHA-256 in lower-case hex. */
export interface PackageUpload {
  readonly platform: Platform;
  readonly path: string;
  readonly size: number;
  readonly digest: string;
}

/** Everything one publishing call brings: one platform, or all platforms of a release. */
export interface ReleaseUpload extends SentSignature {
  readonly packages: readonly PackageUpload[];
  readonly protocols?: readonly string[];
  /** The documentation archive. */
  readonly docs?: DocumentationUpload;
}

export interface PublishedRelease {
  readonly provider: RegistryProvider;
  readonly version: ProviderVersion;
  /** The packages of this call. */
  readonly packages: readonly InspectedPackage[];
}

/**
 * Publishes provider packages, one platform a call or a whole release at once, all or nothing. Every
 * version has a checksum document and a binary detached signature: the publisher's, when one was sent
 * and verified, else the registry's own.
 */
@Injectable()
export class ProviderPublishing {
  constructor(
    private readonly config: PublishingConfig,
    private readonly inspector: ProviderPackageInspector,
    private readonly signatures: PublisherSignatures,
    private readonly recorder: ProviderReleaseRecorder,
    private readonly documentation: ProviderDocumentation,
  ) {}

  /**
   * @throws InvalidProviderBinary, InvalidReleaseChecksums, SigningKeyNotRegistered, ProviderSignatureRequired,
   *   InvalidProviderDocumentation
   *   what was sent breaks a rule; the sentence says which
   * @throws ProviderPlatformExists, ProviderVersionDeleted, ProviderReleaseClosed, ProviderReleaseDiffers,
   *   NamespaceNotYours, ProviderReleaseBusy
   */
  async publish(
    grant: PublishGrant,
    address: ProviderAddress,
    version: Version,
    upload: ReleaseUpload,
    about: ProviderDescription = {},
  ): Promise<PublishedRelease> {
    const packages: InspectedPackage[] = [];
    for (const sent of upload.packages) packages.push(await this.inspect(address, version, sent));
    const publisher = await this.signatures.verify(grant, upload);
    if (!publisher.sums && this.config.requireProviderSignature) {
      const isSigned = await this.recorder.isSignedByPublisher(address, version);
      if (!isSigned) throw new ProviderSignatureRequired();
    }
    const docs = upload.docs && (await this.documentation.inspect(upload.docs));
    const incoming = { packages, protocols: upload.protocols, docs, docsDigest: docs?.digest, ...publisher };
    const recorded = await this.recorder.record(grant, address, version, incoming, about);
    failpoint('after-commit-before-reply');
    return { ...recorded, packages };
  }

  private async inspect(
    address: ProviderAddress,
    version: Version,
    sent: PackageUpload,
  ): Promise<InspectedPackage> {
    const { platform, path, size, digest } = sent;
    const expected = { type: address.type, version: version.text, os: platform.os };
    const { h1 } = await this.inspector.inspect(path, expected).catch((error: unknown) => {
      if (error instanceof ArchiveRejected) throw new InvalidProviderBinary(error.message, { cause: error });
      throw error;
    });
    const filename = packageFilename(address.type, version.text, platform);
    return { os: platform.os, arch: platform.arch, filename, digest, h1, sizeBytes: size, path };
  }
}
