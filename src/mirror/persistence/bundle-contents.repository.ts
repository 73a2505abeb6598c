import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { MirroredAddress } from '../../providers/mirrored-providers.service.js';
import { MirroredVersionEntity } from './mirrored-version.entity.js';

/** A version of a mirrored provider that is here, by address. */
export interface StoredReleaseName extends MirroredAddress {
  readonly versionId: string;
  readonly version: string;
}

/** A package of a version that is here. */
export interface StoredPackage {
  readonly os: string;
  readonly arch: string;
  readonly filename: string;
  readonly digest: string;
  readonly h1: string;
  readonly sizeBytes: number;
}

/** What a version consists of. */
export interface StoredRelease {
  readonly versionId: string;
  readonly protocols: readonly string[];
  readonly firstSeenAt: Date;
  readonly shasums: string;
  readonly signature: Buffer;
  readonly keyArmor: string;
  readonly packages: readonly StoredPackage[];
}

/** A package that is here, for an inventory. */
export interface InventoriedPackage extends MirroredAddress {
  readonly version: string;
  readonly os: string;
  readonly arch: string;
  readonly digest: string;
}

/** What is here of mirrored providers, for bundles. Joins the ambient transaction. */
@Injectable()
export class BundleContentsRepository extends BaseRepository<MirroredVersionEntity> {
  constructor(dataSource: DataSource) {
    super(MirroredVersionEntity, dataSource);
  }

  /** Every version that is offered to readers, by address. */
  offered(): Promise<StoredReleaseName[]> {
    return this.manager.query(
      `SELECT v.id AS "versionId", p.upstream_host AS host, p.namespace, p.type, v.version
       FROM registry_providers p JOIN provider_versions v ON v.provider_id = p.id
       WHERE p.upstream_host <> '' AND p.deleted_at IS NULL AND p.held_back_reason IS NULL
         AND v.state = 'active' AND v.quarantined_at IS NULL AND v.signed_by = 'publisher'
       ORDER BY p.upstream_host, p.namespace, p.type, v.sort_key, v.version`,
    );
  }

  /** What these versions consist of, in no order. */
  async releases(versionIds: readonly string[]): Promise<StoredRelease[]> {
    return this.manager.query(
      `SELECT v.id AS "versionId", v.protocols, v.shasums, v.signature, v.signing_key_armor AS "keyArmor",
         coalesce((SELECT min(mv.first_seen_at) FROM mirrored_versions mv
           JOIN mirrored_providers mp ON mp.id = mv.mirrored_provider_id
           WHERE mp.provider_id = v.provider_id AND mv.upstream_version = v.version), v.published_at) AS "firstSeenAt",
         (SELECT jsonb_agg(jsonb_build_object('os', k.os, 'arch', k.arch, 'filename', k.filename,
           'digest', k.digest, 'h1', k.h1, 'sizeBytes', k.size_bytes) ORDER BY k.os, k.arch)
           FROM provider_packages k WHERE k.version_id = v.id AND k.artifact_id IS NOT NULL) AS packages
       FROM provider_versions v WHERE v.id = ANY($1::uuid[])`,
      [versionIds],
    );
  }

  /** Every package that is here, offered or not, by address. */
  inventory(): Promise<InventoriedPackage[]> {
    return this.manager.query(
      `SELECT p.upstream_host AS host, p.namespace, p.type, v.version, k.os, k.arch, k.digest
       FROM registry_providers p JOIN provider_versions v ON v.provider_id = p.id
         JOIN provider_packages k ON k.version_id = v.id AND k.artifact_id IS NOT NULL
       WHERE p.upstream_host <> '' AND p.deleted_at IS NULL AND v.state <> 'deleted'
       ORDER BY p.upstream_host, p.namespace, p.type, v.sort_key, v.version, k.os, k.arch`,
    );
  }

  /** Remembers that a version was seen as early as `firstSeenAt`; what is known to be earlier stays. */
  async see(mirroredProviderId: string, version: string, firstSeenAt: Date): Promise<void> {
    await this.manager.query(
      `INSERT INTO mirrored_versions (mirrored_provider_id, upstream_version, first_seen_at)
       VALUES ($1, $2, least($3::timestamptz, now()))
       ON CONFLICT ON CONSTRAINT uq_mirrored_version DO UPDATE
         SET first_seen_at = least(mirrored_versions.first_seen_at, excluded.first_seen_at)`,
      [mirroredProviderId, version, firstSeenAt],
    );
  }
}
