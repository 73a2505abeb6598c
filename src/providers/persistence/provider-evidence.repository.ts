import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ProviderPackage, ProviderVersion } from '../domain/provider-version.js';
import { ProviderPackageEntity } from './provider-package.entity.js';
import { ProviderVersionEntity } from './provider-version.entity.js';

/** The part of a version that proves what its packages are. */
export type ProviderEvidence = Pick<
  ProviderVersion,
  'version' | 'shasums' | 'signature' | 'signingKeyArmor' | 'signingKeyFingerprint'
>;

/** What provider versions say about their artifacts. */
@Injectable()
export class ProviderEvidenceRepository extends BaseRepository<ProviderVersionEntity> {
  constructor(dataSource: DataSource) {
    super(ProviderVersionEntity, dataSource);
  }

  /** Versions whose checksum document or signature is this artifact. */
  signedWith(artifactId: string): Promise<ProviderVersion[]> {
    return this.repository.find({
      where: [{ shasumsArtifactId: artifactId }, { signatureArtifactId: artifactId }],
    });
  }

  /** Packages whose bytes are this artifact, with the checksum documents of their versions. */
  async packagedIn(artifactId: string): Promise<(Pick<ProviderPackage, 'filename'> & { shasums: string })[]> {
    return this.manager
      .getRepository(ProviderPackageEntity)
      .createQueryBuilder('package')
      .innerJoin(ProviderVersionEntity, 'version', 'version.id = package.version_id')
      .select(['package.filename AS filename', 'version.shasums AS shasums'])
      .where('package.artifact_id = :artifactId', { artifactId })
      .getRawMany<{ filename: string; shasums: string }>();
  }
}
