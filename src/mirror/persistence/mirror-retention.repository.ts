import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { MirroredAddress } from '../../providers/mirrored-providers.service.js';
import type { RetentionRules } from '../domain/retention.js';
import { MirroredVersionEntity } from './mirrored-version.entity.js';

/** A provider that is here, and where it is from. */
export interface RetainedProvider extends MirroredAddress {
  readonly providerId: string;
}

/** The rules of one mirror that has a provider. */
export interface MirrorRules extends RetentionRules {
  readonly mirrorId: string;
  readonly organizationId: string | null;
}

/** A version that is here, with its packages. */
export interface StoredVersion {
  readonly versionId: string;
  readonly version: string;
  readonly isPinned: boolean;
  /** Deleting it would lose evidence. */
  readonly isQuarantined: boolean;
  /** When it or its last package came here, as `YYYY-MM-DD` in UTC. */
  readonly arrivedOn: string;
  readonly packageIds: readonly string[];
  /** Of all its packages. */
  readonly bytes: number;
}

/** Sizes with each stored object counted once. */
export interface SpaceTotals {
  readonly bytes: number;
  readonly objects: number;
}

/** What retention and space reports read, and pins. Joins the ambient transaction. */
@Injectable()
export class MirrorRetentionRepository extends BaseRepository<MirroredVersionEntity> {
  constructor(dataSource: DataSource) {
    super(MirroredVersionEntity, dataSource);
  }

  /** Providers that a mirror with a rule brought here, by id, behind `after`. */
  providersWithRules(after: string | null, limit: number): Promise<RetainedProvider[]> {
    return this.manager.query(
      `SELECT p.id AS "providerId", p.upstream_host AS host, p.namespace, p.type
       FROM registry_providers p
       WHERE p.deleted_at IS NULL AND ($1::uuid IS NULL OR p.id > $1) AND EXISTS (
         SELECT FROM mirrored_providers mp JOIN mirrors m ON m.id = mp.mirror_id
         WHERE mp.provider_id = p.id AND (m.keep_versions IS NOT NULL OR m.keep_used_days IS NOT NULL))
       ORDER BY p.id LIMIT $2`,
      [after, limit],
    );
  }

  /** Providers of a mirror that are here, by name. */
  providersOf(mirrorId: string): Promise<RetainedProvider[]> {
    return this.manager.query(
      `SELECT p.id AS "providerId", p.upstream_host AS host, p.namespace, p.type
       FROM mirrored_providers mp JOIN registry_providers p ON p.id = mp.provider_id
       WHERE mp.mirror_id = $1 AND p.deleted_at IS NULL ORDER BY p.namespace, p.type, p.id`,
      [mirrorId],
    );
  }

  /** The rules of every mirror that has the provider, with none in them as well. */
  rulesOf(providerId: string): Promise<MirrorRules[]> {
    return this.manager.query(
      `SELECT m.id AS "mirrorId", m.organization_id AS "organizationId", m.keep_versions AS "keepVersions",
         m.keep_used_days AS "keepUsedDays"
       FROM mirrored_providers mp JOIN mirrors m ON m.id = mp.mirror_id
       WHERE mp.provider_id = $1 ORDER BY m.created_at, m.id`,
      [providerId],
    );
  }

  /** Versions of a provider of which something is here, in no order. */
  async versionsOf(providerId: string): Promise<StoredVersion[]> {
    const rows = await this.manager.query<(Omit<StoredVersion, 'bytes'> & { bytes: string })[]>(
      `SELECT v.id AS "versionId", v.version, v.quarantined_at IS NOT NULL AS "isQuarantined",
         EXISTS (SELECT FROM mirrored_versions mv JOIN mirrored_providers mp ON mp.id = mv.mirrored_provider_id
           WHERE mp.provider_id = v.provider_id AND mv.upstream_version = v.version AND mv.is_pinned) AS "isPinned",
         to_char(greatest(v.published_at, max(k.created_at)) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS "arrivedOn",
         array_agg(k.id) AS "packageIds", sum(k.size_bytes) AS bytes
       FROM provider_versions v JOIN provider_packages k ON k.version_id = v.id AND k.artifact_id IS NOT NULL
       WHERE v.provider_id = $1 AND v.state <> 'deleted' GROUP BY v.id`,
      [providerId],
    );
    return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
  }

  /** Those of these versions that are not pinned, locked against pinning until the transaction ends. */
  async lockUnpinned(providerId: string, versions: readonly string[]): Promise<string[]> {
    const rows = await this.manager.query<{ version: string; is_pinned: boolean }[]>(
      `SELECT mv.upstream_version AS version, mv.is_pinned
       FROM mirrored_versions mv JOIN mirrored_providers mp ON mp.id = mv.mirrored_provider_id
       WHERE mp.provider_id = $1 AND mv.upstream_version = ANY($2::text[]) ORDER BY mv.id FOR UPDATE OF mv`,
      [providerId, versions],
    );
    const pinned = new Set(rows.filter((row) => row.is_pinned).map(({ version }) => version));
    return versions.filter((version) => !pinned.has(version));
  }

  /** Pins a version that a mirror knows, or ends that: whether that changed something; undefined: it knows none such. */
  async setPinned(
    mirrorId: string,
    { namespace, type }: Pick<MirroredAddress, 'namespace' | 'type'>,
    version: string,
    isPinned: boolean,
  ): Promise<boolean | undefined> {
    const [row] = await this.manager.query<{ id: string; is_pinned: boolean }[]>(
      `SELECT mv.id, mv.is_pinned FROM mirrored_versions mv
       JOIN mirrored_providers mp ON mp.id = mv.mirrored_provider_id
       WHERE mp.mirror_id = $1 AND mp.namespace = $2 AND mp.provider_type = $3 AND mv.upstream_version = $4
       FOR UPDATE OF mv`,
      [mirrorId, namespace, type, version],
    );
    if (row === undefined) return undefined;
    if (row.is_pinned === isPinned) return false;
    // What is pinned is wanted, also when retention removed it: the next run has to look at the list once more.
    await this.manager.query(
      `WITH pinned AS (UPDATE mirrored_versions SET is_pinned = $2 WHERE id = $1 RETURNING mirrored_provider_id)
       UPDATE mirrored_providers SET listing_etag = NULL WHERE id IN (SELECT mirrored_provider_id FROM pinned)`,
      [row.id, isPinned],
    );
    return true;
  }

  /** The objects of these packages, each once. */
  totals(packageIds: readonly string[]): Promise<SpaceTotals> {
    return this.sum(
      `SELECT DISTINCT a.id, a.size_bytes FROM provider_packages k JOIN artifacts a ON a.id = k.artifact_id
       WHERE k.id = ANY($1::uuid[])`,
      packageIds,
    );
  }

  /** Those objects of these packages that no other package has: what the sweep would remove with them. */
  freedBy(packageIds: readonly string[]): Promise<SpaceTotals> {
    return this.sum(
      `SELECT DISTINCT a.id, a.size_bytes FROM provider_packages k JOIN artifacts a ON a.id = k.artifact_id
       WHERE k.id = ANY($1::uuid[]) AND NOT EXISTS (
         SELECT FROM provider_packages other WHERE other.artifact_id = a.id AND NOT other.id = ANY($1::uuid[]))`,
      packageIds,
    );
  }

  private async sum(objects: string, packageIds: readonly string[]): Promise<SpaceTotals> {
    const [row] = await this.manager.query<{ bytes: string; objects: string }[]>(
      `SELECT coalesce(sum(size_bytes), 0) AS bytes, count(*) AS objects FROM (${objects}) o`,
      [packageIds],
    );
    return { bytes: Number(row!.bytes), objects: Number(row!.objects) };
  }
}
