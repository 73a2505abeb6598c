import { Injectable } from '@nestjs/common';
import { sha256Hex } from '../kernel/sha256.js';
import { isQuarantined } from '../kernel/terraform/version-standing.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { type ArtifactUse, QuarantinedArtifacts } from '../storage/quarantined-artifacts.service.js';
import type { ProviderVersionWithPackages } from './domain/provider-version.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';

/**
 * Which packages, checksum documents and signatures nobody is given: those of quarantined versions, unless a version
 * that is served has the same. Only versions of one type and number can: both are part of every file name.
 */
@Injectable()
export class ProviderQuarantine {
  constructor(
    private readonly artifacts: QuarantinedArtifacts,
    private readonly versions: ProviderVersionsRepository,
  ) {}

  /** Decides about the files of versions that were changed, in the transaction of the change. */
  async settle(type: string, versions: readonly string[]): Promise<void> {
    await this.artifacts.settle(
      versions.map((version) => `${type} ${version}`),
      async () => (await this.versions.namesakes(type, versions)).flatMap((release) => usesOf(type, release)),
    );
  }
}

function usesOf(type: string, { version, packages }: ProviderVersionWithPackages): ArtifactUse[] {
  const use = {
    isQuarantined: isQuarantined(version),
    isServed: version.state === 'active' || version.state === 'withdrawn',
  };
  const sums = ArtifactKey.shasums(sha256Hex(version.shasums), type, version.version);
  const signature = ArtifactKey.shasumsSignature(sha256Hex(version.signature), type, version.version);
  return [
    { key: sums.path, ...use },
    { key: signature.path, ...use },
    ...packages.map(({ digest, filename, artifactId }) => ({
      key: ArtifactKey.named(digest, filename).path,
      isQuarantined: use.isQuarantined,
      isServed: use.isServed && artifactId !== null,
    })),
  ];
}
