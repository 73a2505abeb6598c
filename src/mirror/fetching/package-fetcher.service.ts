import { Injectable } from '@nestjs/common';
import type { Platform } from '../../kernel/terraform/platform.js';
import { zipHash } from '../../kernel/terraform/package-hash.js';
import { ArchiveRejected } from '../../platform/archives/archives.errors.js';
import { TempFiles } from '../../platform/temp-files/temp-files.js';
import { ProviderPackageInspector } from '../../providers/provider-package-inspector.js';
import type { HeldPackage } from '../domain/mirror-plan.js';
import { PackageUnusable } from '../domain/mirror.errors.js';
import type { ProviderName } from '../domain/name-filter.js';
import { type KeyTrust, ReleaseVerifier, type VerifiedRelease } from './release-verifier.js';
import { type DownloadObserver, PackageDownload } from '../upstream/package-download.js';
import { RegistryClient, type PackageDocument } from '../upstream/registry-client.js';
import type { ProviderService } from '../upstream/upstream-registry.js';

/** One package that a mirror wants. */
export interface PackageRequest {
  readonly service: ProviderService;
  readonly name: ProviderName;
  /** The exact text of the upstream. */
  readonly version: string;
  readonly platform: Platform;
  readonly trust: KeyTrust;
  /** What is here of this version; its digests must be the same upstream still. */
  readonly held?: readonly Pick<HeldPackage, 'filename' | 'digest'>[];
  /** The verified checksums of the version, from a package of it that was fetched before. */
  readonly release?: VerifiedRelease;
  /** Ends the work early, with `MirrorInterrupted`. */
  readonly signal?: AbortSignal;
  /** Called with the file before its first byte arrives. */
  readonly observe?: (path: string) => DownloadObserver;
}

/** A package on disk, all of which was verified. */
export interface FetchedPackage {
  /** Where the bytes are until `discard`. */
  readonly path: string;
  readonly filename: string;
  readonly platform: Platform;
  /** In the form `5.0`. */
  readonly protocols: readonly string[];
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  readonly digest: string;
  /** Terraform's hash of the unpacked package, with its scheme. */
  readonly h1: string;
  /** `digest` with its scheme. */
  readonly zh: string;
  readonly release: VerifiedRelease;
  /** Removes the file. The caller does so whatever becomes of the package; twice does no harm. */
  discard(): Promise<void>;
}

/**
 * Fetches one package of an upstream: description, signed checksums, then bytes. Nothing leaves this class that was not
 * verified, and whatever fails leaves no file behind.
 */
@Injectable()
export class PackageFetcher {
  constructor(
    private readonly registry: RegistryClient,
    private readonly releases: ReleaseVerifier,
    private readonly downloads: PackageDownload,
    private readonly inspector: ProviderPackageInspector,
    private readonly temp: TempFiles,
  ) {}

  /** Throws a `MirrorFailure` that says what is wrong and who has to act. */
  async fetch(request: PackageRequest): Promise<FetchedPackage> {
    const { service, name, version, platform, trust, held = [], signal } = request;
    const document = await this.registry.packageDocument(service, { name, version, platform }, signal);
    const release = request.release ?? (await this.releases.verify(document, trust, held, signal));
    this.releases.assertListed(document, release);
    const { filename, digest, protocols } = document;
    const spool = await this.temp.create('mirror');
    try {
      const path = spool.file('package.zip');
      const observer = request.observe?.(path);
      const wanted = { url: document.downloadUrl, filename, digest, signal, observer };
      const sizeBytes = await this.downloads.download(path, wanted);
      const h1 = await this.inspect(path, document);
      const discard = (): Promise<void> => spool.remove();
      return {
        path,
        filename,
        platform,
        protocols,
        sizeBytes,
        digest,
        h1,
        zh: zipHash(digest),
        release,
        discard,
      };
    } catch (error) {
      await spool.remove();
      throw error;
    }
  }

  private async inspect(
    path: string,
    { name, version, platform, filename }: PackageDocument,
  ): Promise<string> {
    try {
      const wanted = { type: name.type, version, os: platform.os };
      const { h1 } = await this.inspector.inspect(path, wanted, { allowDirectories: true });
      return h1;
    } catch (error) {
      if (!(error instanceof ArchiveRejected)) throw error;
      throw new PackageUnusable(filename, error.message, { cause: error });
    }
  }
}
