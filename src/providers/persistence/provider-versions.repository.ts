import { Injectable } from '@nestjs/common';
import { DataSource, In, Not } from 'typeorm';
import type { VersionStanding } from '../../kernel/terraform/version-life.js';
import { UNTOUCHED } from '../../kernel/terraform/version-standing.js';
import { STAYS_QUARANTINED } from '../../platform/database/version-life.columns.js';
import type { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type {
  HeldProviderPackage,
  ListedRelease,
  ProviderPackage,
  ProviderVersion,
  ProviderVersionWithPackages,
} from '../domain/provider-version.js';
import { ProviderDocumentationEntity } from './provider-documentation.entity.js';
import { ProviderPackageEntity } from './provider-package.entity.js';
import { ProviderVersionEntity } from './provider-version.entity.js';
import { RegistryProviderEntity } from './registry-provider.entity.js';

/** The columns that a publishing call decides. */
export type ProviderVersionContent = Pick<
  ProviderVersion,
  | 'protocols'
  | 'signedBy'
  | 'signingKeyFingerprint'
  | 'signingKeyArmor'
  | 'publisherKeyArmor'
  | 'shasums'
  | 'signature'
  | 'shasumsArtifactId'
  | 'signatureArtifactId'
  | 'docsArtifactId'
  | 'docsDigest'
>;

export type ProviderVersionIdentity = Pick<
  ProviderVersion,
  'providerId' | 'version' | 'sortKey' | 'publishedBy' | 'publishedByName' | 'publishedFrom'
>;

export type ProviderPackageInsert = Omit<ProviderPackage, 'id' | 'createdAt'>;

/** Lists as texts, with spaces between their members. */
type ListedRow = Omit<ListedRelease, 'protocols' | 'platforms'> & Record<'protocols' | 'platforms', string>;

/** Versions of providers with their packages. Joins the ambient transaction. */
@Injectable()
export class ProviderVersionsRepository extends BaseRepository<ProviderVersionEntity> {
  constructor(dataSource: DataSource) {
    super(ProviderVersionEntity, dataSource);
  }

  /** One version with its packages, tombstones included. */
  async find(providerId: string, version: string): Promise<ProviderVersionWithPackages | null> {
    const row = await this.repository.findOneBy({ providerId, version });
    if (!row) return null;
    const packages = await this.packages.find({
      where: { versionId: row.id },
      order: { os: 'ASC', arch: 'ASC' },
    });
    return { version: row, packages };
  }

  /** One version by address with its packages, tombstones included, also of a deleted provider. */
  async findByAddress(
    { namespace, type, host }: ProviderAddress,
    version: string,
  ): Promise<ProviderVersionWithPackages | null> {
    const provider = await this.manager
      .getRepository(RegistryProviderEntity)
      .findOneBy({ namespace, type, upstreamHost: host });
    return provider && this.find(provider.id, version);
  }

  /** These versions of every provider of the type, whoever owns it, tombstones included: files have equal names. */
  async namesakes(type: string, versions: readonly string[]): Promise<ProviderVersionWithPackages[]> {
    const rows = await this.repository
      .createQueryBuilder('version')
      .innerJoin(RegistryProviderEntity, 'provider', 'provider.id = version.provider_id')
      .where('provider.type = :type AND version.version = ANY(:versions)', { type, versions })
      .getMany();
    const packages = await this.packages.findBy({ versionId: In(rows.map(({ id }) => id)) });
    const byVersion = Map.groupBy(packages, (held) => held.versionId);
    return rows.map((version) => ({ version, packages: byVersion.get(version.id) ?? [] }));
  }

  /** Every version that is not deleted with its live packages, newest first by precedence. */
  async list(providerId: string): Promise<ProviderVersionWithPackages[]> {
    const versions = await this.repository.find({
      where: { providerId, state: Not('deleted') },
      order: { sortKey: 'DESC' },
    });
    const packages = await this.packages
      .createQueryBuilder('package')
      .innerJoin(ProviderVersionEntity, 'version', 'version.id = package.version_id')
      .where('version.provider_id = :providerId AND package.artifact_id IS NOT NULL', { providerId })
      .orderBy({ 'package.os': 'ASC', 'package.arch': 'ASC' })
      .getMany();
    const byVersion = Map.groupBy(packages, (held) => held.versionId);
    return versions.map((version) => ({ version, packages: byVersion.get(version.id) ?? [] }));
  }

  /**
   * What lists show of every version that is not deleted, newest first by precedence; nothing large is read, and equal lists
   * of protocols or platforms are one array: a run of a mirror asks for each version that it brings.
   */
  async listed(providerId: string): Promise<ListedRelease[]> {
    const rows = (await this.manager.query(
      `SELECT v.version, v.state, v.state_reason AS "stateReason", v.deprecated_at AS "deprecatedAt",
         v.deprecation_message AS "deprecationMessage", v.replacement, array_to_string(v.protocols, ' ') AS protocols,
         coalesce(p.platforms, '') AS platforms
       FROM provider_versions v
       LEFT JOIN (
         SELECT held.version_id,
           string_agg(held.os || '_' || held.arch, ' ' ORDER BY held.os, held.arch) AS platforms
         FROM provider_packages held JOIN provider_versions one ON one.id = held.version_id
         WHERE one.provider_id = $1 AND held.artifact_id IS NOT NULL GROUP BY held.version_id
       ) p ON p.version_id = v.id
       WHERE v.provider_id = $1 AND v.state <> 'deleted' ORDER BY v.sort_key DESC`,
      [providerId],
    )) as ListedRow[];
    const lists = new Map<string, readonly string[]>([['', []]]);
    const listOf = (text: string): readonly string[] => {
      const known = lists.get(text) ?? text.split(' ');
      lists.set(text, known);
      return known;
    };
    return rows.map((row) => ({
      ...row,
      protocols: listOf(row.protocols),
      platforms: listOf(row.platforms),
    }));
  }

  /** The live packages of every version that is not deleted, newest first by precedence. */
  heldPackages(providerId: string): Promise<HeldProviderPackage[]> {
    return this.manager.query(
      `SELECT p.id, v.id AS "versionId", v.version, p.os || '_' || p.arch AS platform, p.filename, p.digest,
         p.size_bytes::float8 AS "sizeBytes"
       FROM provider_packages p JOIN provider_versions v ON v.id = p.version_id
       WHERE v.provider_id = $1 AND v.state <> 'deleted' AND p.artifact_id IS NOT NULL
       ORDER BY v.sort_key DESC, p.os, p.arch`,
      [providerId],
    );
  }

  /** Stores a new version and returns its id. The unique constraint is the last judge of a race. */
  async add(identity: ProviderVersionIdentity, content: ProviderVersionContent): Promise<string> {
    const entity = this.repository.create({ ...identity, ...content, ...UNTOUCHED });
    await this.repository.insert(entity);
    return entity.id;
  }

  /** Changes what is stored about a version when it takes further packages. */
  async update(id: string, content: ProviderVersionContent): Promise<void> {
    await this.repository.update({ id }, content);
  }

  /** Brings a tombstone back to life with the given content. */
  async revive(
    id: string,
    identity: ProviderVersionIdentity,
    content: ProviderVersionContent,
  ): Promise<void> {
    await this.repository.update(
      { id },
      {
        ...identity,
        ...content,
        ...UNTOUCHED,
        deletedAt: null,
        deletedByName: null,
        publishedAt: () => 'now()',
        deprecatedAt: null,
        deprecationMessage: null,
        replacement: null,
      },
    );
  }

  /** Stores packages of a version; a tombstone of the same platform is filled again. */
  async putPackages(packages: readonly ProviderPackageInsert[]): Promise<void> {
    await this.packages.upsert([...packages], { conflictPaths: ['versionId', 'os', 'arch'] });
  }

  /** Forgets the tombstones of a version whose number is used again with other content. */
  async dropPackages(versionId: string): Promise<void> {
    await this.packages.delete({ versionId });
  }

  /** Sets or clears the deprecation mark. */
  async markDeprecated(
    id: string,
    mark: Pick<ProviderVersion, 'deprecatedAt' | 'deprecationMessage' | 'replacement'>,
  ): Promise<void> {
    await this.repository.update({ id }, mark);
  }

  /** Changes where a version is in its life. */
  async changeStanding(id: string, standing: VersionStanding): Promise<void> {
    await this.repository.update({ id }, standing);
  }

  /** Turns versions into tombstones: numbers, digests and quarantine stay, the artifacts are let go. */
  async bury(ids: readonly string[], at: Date, byName: string | null): Promise<void> {
    if (ids.length === 0) return;
    await this.packages.update({ versionId: In([...ids]) }, { artifactId: null });
    await this.repository.update(
      { id: In([...ids]) },
      {
        state: 'deleted',
        shasumsArtifactId: null,
        signatureArtifactId: null,
        docsArtifactId: null,
        docsDigest: null,
        quarantinedAt: () => STAYS_QUARANTINED,
        deletedAt: at,
        deletedByName: byName,
      },
    );
    await this.manager.getRepository(ProviderDocumentationEntity).delete({ versionId: In([...ids]) });
  }

  /** Under which names readers of providers stand that use this artifact as package, checksum document or signature. */
  async readersOfArtifact(artifactId: string): Promise<string[]> {
    const rows = await this.repository
      .createQueryBuilder('version')
      .innerJoin(RegistryProviderEntity, 'provider', 'provider.id = version.provider_id')
      .leftJoin(ProviderPackageEntity, 'package', 'package.version_id = version.id')
      .select(
        `DISTINCT CASE provider.upstream_host WHEN '' THEN provider.namespace
          ELSE provider.upstream_host || '/' || provider.namespace || '/' || provider.type END`,
        'readers',
      )
      .where(
        'provider.held_back_reason IS NULL AND :artifactId IN (package.artifact_id, version.shasums_artifact_id, version.signature_artifact_id)',
        { artifactId },
      )
      .getRawMany<{ readers: string }>();
    return rows.map((row) => row.readers);
  }

  private get packages() {
    return this.manager.getRepository(ProviderPackageEntity);
  }
}
