import { Injectable } from '@nestjs/common';
import { ArchiveRejected } from '../../platform/archives/archives.errors.js';
import { TempFiles } from '../../platform/temp-files/temp-files.js';
import type { MirroredRelease } from '../../providers/provider-ingest.service.js';
import { ProviderPackageInspector } from '../../providers/provider-package-inspector.js';
import { PackageUnusable } from '../domain/mirror.errors.js';
import type { BundleFile } from './bundle-file.js';
import type { BundledPackage, BundledRelease } from './bundle-manifest.js';

/** Takes packages out of a bundle, one version at a time. */
@Injectable()
export class BundledPackages {
  constructor(
    private readonly temp: TempFiles,
    private readonly inspector: ProviderPackageInspector,
  ) {}

  /**
   * Puts packages on disk, verifies digest, archive and `h1:` of each, lets `use` have them all, and removes them. Throws
   * `BundlePackageDamaged`, `PackageUnusable`, and what `use` throws.
   */
  async with<T>(
    file: BundleFile,
    { type, version }: BundledRelease,
    wanted: readonly BundledPackage[],
    use: (packages: MirroredRelease['packages']) => Promise<T>,
  ): Promise<T> {
    const spool = await this.temp.create('bundle');
    try {
      const packages = [];
      for (const [index, held] of wanted.entries()) {
        const path = spool.file(`package-${index}.zip`);
        await file.extract(held, path);
        await this.inspect(path, held, { type, version: version.text, os: held.platform.os });
        const { platform, filename, digest, h1, sizeBytes } = held;
        packages.push({ os: platform.os, arch: platform.arch, filename, digest, h1, sizeBytes, path });
      }
      return await use(packages);
    } finally {
      await spool.remove();
    }
  }

  private async inspect(
    path: string,
    { filename, h1 }: BundledPackage,
    what: { type: string; version: string; os: string },
  ): Promise<void> {
    const found = await this.inspector.inspect(path, what).catch((error: unknown) => {
      if (!(error instanceof ArchiveRejected)) throw error;
      throw new PackageUnusable(filename, error.message, { cause: error });
    });
    if (found.h1 !== h1) throw new PackageUnusable(filename, `it hashes to ${found.h1}, not to ${h1}`);
  }
}
