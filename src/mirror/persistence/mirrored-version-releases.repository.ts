import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ProviderName } from '../domain/name-filter.js';
import { MirroredVersionEntity } from './mirrored-version.entity.js';

/** A version that a mirror has seen at its upstream. */
export interface SeenVersion {
  readonly id: string;
  readonly firstSeenAt: Date;
  readonly releasedAt: Date | null;
}

/** One that somebody let through its cool-down. */
export interface ReleasedVersion extends SeenVersion {
  readonly releasedAt: Date;
}

/** Versions that were let through their cool-down. Joins the ambient transaction. */
@Injectable()
export class MirroredVersionReleasesRepository extends BaseRepository<MirroredVersionEntity> {
  constructor(dataSource: DataSource) {
    super(MirroredVersionEntity, dataSource);
  }

  /** A version that a mirror has seen, locked until the transaction ends. Names without case. */
  async lock(
    mirrorId: string,
    { namespace, type }: ProviderName,
    version: string,
  ): Promise<SeenVersion | null> {
    const rows: SeenVersion[] = await this.manager.query(
      `SELECT v.id, v.first_seen_at AS "firstSeenAt", v.released_at AS "releasedAt"
       FROM mirrored_versions v JOIN mirrored_providers p ON p.id = v.mirrored_provider_id
       WHERE p.mirror_id = $1 AND lower(p.namespace) = lower($2) AND lower(p.provider_type) = lower($3)
         AND v.upstream_version = $4
       FOR UPDATE OF v`,
      [mirrorId, namespace, type, version],
    );
    return rows[0] ?? null;
  }

  /** Notes who let a version through, now by the clock of the database; answers when. */
  async release(id: string, userId: string | null): Promise<Date> {
    const [[row]]: [{ at: Date }[], number] = await this.manager.query(
      `UPDATE mirrored_versions SET released_by = $2, released_at = clock_timestamp() WHERE id = $1
       RETURNING released_at AS at`,
      [id, userId],
    );
    return row!.at;
  }
}
