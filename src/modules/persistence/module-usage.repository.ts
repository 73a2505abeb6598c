import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { Readable } from '../../orgs/domain/readable.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ModuleFacts } from '../../usage/domain/dashboard.js';
import type { DayRange } from '../../usage/domain/day.js';
import { type TopRow, topOf } from '../../usage/domain/top-rows.js';
import type { DownloadTarget, Usage } from '../../usage/domain/usage.js';
import { RegistryModuleEntity } from './registry-module.entity.js';

const MAX_SYSTEMS = 8;

/** Modules in numbers. Each method is one statement. */
@Injectable()
export class ModuleUsageRepository extends BaseRepository<RegistryModuleEntity> {
  constructor(dataSource: DataSource) {
    super(RegistryModuleEntity, dataSource);
  }

  /** Every version of a module, tombstones included, newest first; `undefined` when there is no such module. */
  async targets({ namespace, name, system }: ModuleAddress): Promise<DownloadTarget[] | undefined> {
    const rows = await this.query<{ id: string | null; version: string | null }>(
      `SELECT v.id, v.version FROM registry_modules m LEFT JOIN module_versions v ON v.module_id = m.id
       WHERE lower(m.namespace) = lower($1) AND lower(m.name) = lower($2) AND m.system = $3
         AND m.namespace = $1 AND m.name = $2 AND m.deleted_at IS NULL
       ORDER BY v.sort_key DESC`,
      [namespace, name, system],
    );
    if (rows.length === 0) return undefined;
    return rows.flatMap(({ id, version }) =>
      id === null || version === null ? [] : [{ targetId: id, version }],
    );
  }

  /** The modules with most downloads of those that may be shown, by address. */
  async top(readable: Readable, { from, to }: DayRange, limit: number): Promise<Usage> {
    const { isServerOpen, organizations, namespaces } = readable;
    const rows = await this.query<TopRow>(
      `WITH counted AS (
         SELECT target_id, sum(downloads) AS downloads FROM download_counts_daily
         WHERE day BETWEEN $1 AND $2 GROUP BY target_id
       )
       SELECT m.namespace || '/' || m.name || '/' || m.system AS key, sum(c.downloads) AS downloads,
         sum(sum(c.downloads)) OVER () AS total
       FROM counted c JOIN module_versions v ON v.id = c.target_id JOIN registry_modules m ON m.id = v.module_id
         JOIN organizations o ON o.id = m.organization_id
         LEFT JOIN namespace_claims n ON n.folded_name = lower(replace(m.namespace, '_', '-'))
       WHERE m.deleted_at IS NULL AND CASE
         WHEN n.is_shared THEN $3::boolean
           OR ($5::text[] IS NULL AND ($4::uuid[] IS NULL OR cardinality($4::uuid[]) > 0))
         ELSE o.visibility = 'public' OR (o.visibility IS NULL AND $3::boolean)
           OR (($4::uuid[] IS NULL OR o.id = ANY($4))
             AND ($5::text[] IS NULL OR lower(replace(m.namespace, '_', '-')) = ANY($5)))
       END
       GROUP BY m.id ORDER BY 2 DESC, 1 LIMIT $6`,
      [from, to, isServerOpen, organizations === 'all' ? null : organizations, namespaces, limit],
    );
    return topOf(rows);
  }

  /** What these organizations have. Downloads of what is deleted still count. */
  async facts(organizations: 'all' | readonly string[]): Promise<ModuleFacts> {
    const [row] = await this.query<
      Record<'total' | 'versions' | 'downloads', string> & Pick<ModuleFacts, 'bySystem'>
    >(
      `WITH owned AS (
         SELECT id, system, deleted_at IS NULL AS is_live FROM registry_modules
         WHERE $1::uuid[] IS NULL OR organization_id = ANY($1)
       ), version AS (
         SELECT v.id, v.state <> 'deleted' AS is_live FROM module_versions v JOIN owned m ON m.id = v.module_id
       ), systems AS (
         SELECT system, count(*) AS count FROM owned WHERE is_live GROUP BY system ORDER BY 2 DESC, 1 LIMIT $2
       )
       SELECT (SELECT count(*) FROM owned WHERE is_live) AS total,
         (SELECT count(*) FROM version WHERE is_live) AS versions,
         (SELECT coalesce(sum(c.downloads), 0) FROM download_counts_daily c JOIN version v ON v.id = c.target_id)
           AS downloads,
         (SELECT coalesce(json_agg(json_build_object('system', system, 'count', count)), '[]') FROM systems)
           AS "bySystem"`,
      [organizations === 'all' ? null : organizations, MAX_SYSTEMS],
    );
    const { total, versions, downloads, bySystem } = row!;
    return { total: Number(total), versions: Number(versions), downloads: Number(downloads), bySystem };
  }

  private query<Row>(text: string, values: unknown[]): Promise<Row[]> {
    return this.manager.query(text, values) as Promise<Row[]>;
  }
}
