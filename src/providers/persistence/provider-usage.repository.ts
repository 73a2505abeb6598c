import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import type { Readable } from '../../orgs/domain/readable.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ProviderFacts } from '../../usage/domain/dashboard.js';
import type { DayRange } from '../../usage/domain/day.js';
import { type TopRow, topOf } from '../../usage/domain/top-rows.js';
import type { DownloadTarget, Usage } from '../../usage/domain/usage.js';
import { RegistryProviderEntity } from './registry-provider.entity.js';

/** Providers in numbers. Each method is one statement. */
@Injectable()
export class ProviderUsageRepository extends BaseRepository<RegistryProviderEntity> {
  constructor(dataSource: DataSource) {
    super(RegistryProviderEntity, dataSource);
  }

  /**
   * Every package of the provider that an address means, tombstones included, newest version first; `undefined` when
   * there is no such one.
   */
  async targets({ namespace, type }: ProviderAddress): Promise<DownloadTarget[] | undefined> {
    const rows = await this.query<{ id: string | null; version: string | null }>(
      `SELECT package.id, v.version FROM registry_providers p
         LEFT JOIN (provider_versions v JOIN provider_packages package ON package.version_id = v.id)
           ON v.provider_id = p.id
       WHERE lower(p.namespace) = lower($1) AND p.namespace = $1 AND p.type = $2 AND p.deleted_at IS NULL
         AND p.held_back_reason IS NULL AND p.upstream_host = coalesce((
           SELECT split_part(c.name, '/', 1) FROM namespace_claims c WHERE c.mirrored_address = $1 || '/' || $2
           ORDER BY c.created_at, c.name LIMIT 1), '')
       ORDER BY v.sort_key DESC`,
      [namespace, type],
    );
    if (rows.length === 0) return undefined;
    return rows.flatMap(({ id, version }) =>
      id === null || version === null ? [] : [{ targetId: id, version }],
    );
  }

  /** The providers with most downloads of those that may be shown, by address. */
  async top(readable: Readable, { from, to }: DayRange, limit: number): Promise<Usage> {
    const { isServerOpen, organizations, namespaces } = readable;
    const rows = await this.query<TopRow>(
      `WITH counted AS (
         SELECT target_id, sum(downloads) AS downloads FROM download_counts_daily
         WHERE day BETWEEN $1 AND $2 GROUP BY target_id
       )
       SELECT p.namespace || '/' || p.type AS key, sum(c.downloads) AS downloads,
         sum(sum(c.downloads)) OVER () AS total
       FROM counted c JOIN provider_packages package ON package.id = c.target_id
         JOIN provider_versions v ON v.id = package.version_id JOIN registry_providers p ON p.id = v.provider_id
         JOIN organizations o ON o.id = p.organization_id
         LEFT JOIN namespace_claims m ON p.upstream_host <> ''
           AND m.folded_name = p.upstream_host || '/' || p.namespace || '/' || p.type
       WHERE p.deleted_at IS NULL AND p.held_back_reason IS NULL AND CASE
         WHEN m.is_shared THEN $3::boolean
           OR ($5::text[] IS NULL AND ($4::uuid[] IS NULL OR cardinality($4::uuid[]) > 0))
         ELSE o.visibility = 'public' OR (o.visibility IS NULL AND $3::boolean)
           OR (($4::uuid[] IS NULL OR o.id = ANY($4))
             AND ($5::text[] IS NULL OR (p.upstream_host = '' AND lower(replace(p.namespace, '_', '-')) = ANY($5))))
       END
       GROUP BY p.id ORDER BY 2 DESC, 1 LIMIT $6`,
      [from, to, isServerOpen, organizations === 'all' ? null : organizations, namespaces, limit],
    );
    return topOf(rows);
  }

  /** What these organizations have. Downloads of what is deleted still count. */
  async facts(organizations: 'all' | readonly string[]): Promise<ProviderFacts> {
    const [row] = await this.query<
      Record<'total' | 'mirrored' | 'versions' | 'mirrored_versions' | 'downloads', string>
    >(
      `WITH owned AS (
         SELECT id, deleted_at IS NULL AS is_live, upstream_host <> '' AS is_mirrored FROM registry_providers
         WHERE $1::uuid[] IS NULL OR organization_id = ANY($1)
       ), version AS (
         SELECT v.id, v.state <> 'deleted' AS is_live, p.is_mirrored FROM provider_versions v JOIN owned p ON p.id = v.provider_id
       )
       SELECT (SELECT count(*) FROM owned WHERE is_live) AS total,
         (SELECT count(*) FROM owned WHERE is_live AND is_mirrored) AS mirrored,
         (SELECT count(*) FROM version WHERE is_live) AS versions,
         (SELECT count(*) FROM version WHERE is_live AND is_mirrored) AS mirrored_versions,
         (SELECT coalesce(sum(c.downloads), 0) FROM download_counts_daily c
            JOIN provider_packages package ON package.id = c.target_id JOIN version v ON v.id = package.version_id)
           AS downloads`,
      [organizations === 'all' ? null : organizations],
    );
    const [total, mirrored] = [Number(row!.total), Number(row!.mirrored)];
    const [totalVersions, mirroredVersions] = [Number(row!.versions), Number(row!.mirrored_versions)];
    return {
      total,
      manual: total - mirrored,
      mirrored,
      totalVersions,
      manualVersions: totalVersions - mirroredVersions,
      mirroredVersions,
      downloads: Number(row!.downloads),
    };
  }

  private query<Row>(text: string, values: unknown[]): Promise<Row[]> {
    return this.manager.query(text, values) as Promise<Row[]>;
  }
}
