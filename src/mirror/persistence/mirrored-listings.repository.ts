import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import { MirroredProviderEntity } from './mirrored-provider.entity.js';

/** What a mirror knows of a version that its upstream lists. */
export interface SeenVersion {
  readonly version: string;
  readonly firstSeenAt: Date;
  /** Somebody lets it through before its cool-down is over. */
  readonly isReleased: boolean;
  /** No retention removes it. */
  readonly isPinned: boolean;
  /** A run of this mirror has stored it, now or once. */
  readonly wasSynced: boolean;
}

/** What is kept of a list in which a run left nothing to do. */
export interface SettledListing {
  readonly etag: string | null;
  readonly basis: string | null;
  readonly highestVersion: string | null;
}

/** A key that signed a release, as it counted when that was fetched. */
export interface SyncedRelease {
  readonly version: string;
  readonly keyFingerprint: string;
  readonly isKeyApproved: boolean;
}

/** What runs know of the lists of an upstream. Joins the ambient transaction; times are those of the database. */
@Injectable()
export class MirroredListingsRepository extends BaseRepository<MirroredProviderEntity> {
  constructor(dataSource: DataSource) {
    super(MirroredProviderEntity, dataSource);
  }

  /** What a mirror knows of a provider. */
  find(mirror: Mirror, { namespace, type }: ProviderName): Promise<MirroredProviderEntity | null> {
    return this.repository.findOneBy({ mirrorId: mirror.id, namespace, providerType: type });
  }

  /** Makes sure that there is a row for the provider, and gives its id. */
  async ensure({ id: mirrorId, upstreamHost }: Mirror, { namespace, type }: ProviderName): Promise<string> {
    // It changes nothing, but no column of a key: that would keep everybody from adding versions to the row.
    const [row] = await this.manager.query<{ id: string }[]>(
      `INSERT INTO mirrored_providers AS m (mirror_id, upstream_host, namespace, provider_type)
       VALUES ($1, $2, $3, $4)
       ON CONFLICT ON CONSTRAINT uq_mirrored_provider DO UPDATE SET is_sync_enabled = m.is_sync_enabled
       RETURNING id`,
      [mirrorId, upstreamHost, namespace, type],
    );
    return row!.id;
  }

  /** Remembers since when versions are listed. */
  async see(mirroredProviderId: string, versions: readonly string[]): Promise<void> {
    // In one order: a run and a reader that see the same new versions must not wait for each other.
    await this.manager.query(
      `INSERT INTO mirrored_versions (mirrored_provider_id, upstream_version)
       SELECT $1, v FROM unnest($2::text[]) AS v
       WHERE NOT EXISTS (SELECT FROM mirrored_versions m
         WHERE m.mirrored_provider_id = $1 AND m.upstream_version = v)
       ORDER BY v
       ON CONFLICT ON CONSTRAINT uq_mirrored_version DO NOTHING`,
      [mirroredProviderId, [...new Set(versions)]],
    );
  }

  /** What is known of versions, by their exact text. */
  async seen(mirroredProviderId: string): Promise<Map<string, SeenVersion>> {
    const rows = await this.manager.query<SeenVersion[]>(
      `SELECT upstream_version AS version, first_seen_at AS "firstSeenAt", released_at IS NOT NULL AS "isReleased",
         is_pinned AS "isPinned", synced_at IS NOT NULL AS "wasSynced"
       FROM mirrored_versions WHERE mirrored_provider_id = $1`,
      [mirroredProviderId],
    );
    return new Map(rows.map((row) => [row.version, row]));
  }

  /** A release was fetched and is stored in this transaction. */
  async markSynced(
    mirroredProviderId: string,
    { version, keyFingerprint, isKeyApproved }: SyncedRelease,
  ): Promise<void> {
    await this.manager.query(
      `UPDATE mirrored_versions SET synced_at = now(), key_fingerprint = $3, is_key_approved = $4
       WHERE mirrored_provider_id = $1 AND upstream_version = $2`,
      [mirroredProviderId, version, keyFingerprint, isKeyApproved],
    );
    await this.manager.query(
      `UPDATE mirrored_providers SET last_synced_at = now(), last_sync_version = $2 WHERE id = $1`,
      [mirroredProviderId, version],
    );
  }

  /** Ties what is known of a provider and its versions to those that are here, whoever brought them. */
  async link(mirroredProviderId: string): Promise<void> {
    await this.manager.query(
      `UPDATE mirrored_providers m
       SET provider_id = p.id, last_synced_at = coalesce(m.last_synced_at, now())
       FROM registry_providers p
       WHERE m.id = $1 AND m.provider_id IS NULL AND p.upstream_host = m.upstream_host
         AND lower(p.namespace) = lower(m.namespace) AND p.type = m.provider_type`,
      [mirroredProviderId],
    );
    await this.manager.query(
      `UPDATE mirrored_versions mv
       SET provider_version_id = v.id, synced_at = coalesce(mv.synced_at, now()),
         key_fingerprint = coalesce(mv.key_fingerprint, v.signing_key_fingerprint)
       FROM mirrored_providers m JOIN provider_versions v ON v.provider_id = m.provider_id
       WHERE m.id = $1 AND mv.mirrored_provider_id = m.id AND mv.provider_version_id IS NULL
         AND v.version = mv.upstream_version AND v.state <> 'deleted'`,
      [mirroredProviderId],
    );
  }

  /** Remembers what a provider was planned with; `etag` is null when the list has to be asked for anew. */
  async settle(mirroredProviderId: string, { etag, basis, highestVersion }: SettledListing): Promise<void> {
    await this.manager.query(
      `UPDATE mirrored_providers
       SET listing_etag = $2, listing_basis = $3, highest_version = coalesce($4, highest_version) WHERE id = $1`,
      [mirroredProviderId, etag, basis, highestVersion],
    );
  }
}
