import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { DayRange } from '../domain/day.js';
import type { BreakdownCount, BreakdownDimension } from '../domain/download-breakdown.js';
import { OTHER_CLIENT } from '../domain/download-client.js';
import { type TopRow, topOf } from '../domain/top-rows.js';
import type { Usage } from '../domain/usage.js';
import { DownloadBreakdownEntity } from './download-breakdown.entity.js';

/** Downloads by client and by organization. Joins the ambient transaction. */
@Injectable()
export class DownloadBreakdownRepository extends BaseRepository<DownloadBreakdownEntity> {
  constructor(dataSource: DataSource) {
    super(DownloadBreakdownEntity, dataSource);
  }

  /**
   * Adds downloads of one day. A target has at most `maxClients` clients on it; the most frequent of a batch come
   * first, the rest is added to one row. Rows are locked in the order of their keys.
   */
  async add(day: string, counts: readonly BreakdownCount[], maxClients: number): Promise<void> {
    await this.manager.query(
      `WITH counted AS (
         SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[])
           AS c (target_id, dimension, value, downloads)
       ), held AS (
         SELECT target_id, count(*) AS clients FROM download_breakdown_daily
         WHERE target_id = ANY($2::uuid[]) AND day = $1::date AND dimension = 'client' AND value <> $7
         GROUP BY target_id
       ), placed AS (
         SELECT c.*, coalesce(h.clients, 0) AS clients, c.dimension <> 'client' OR b.value IS NOT NULL AS is_known,
           row_number() OVER (
             PARTITION BY c.target_id, c.dimension, b.value IS NULL AND c.value <> $7
             ORDER BY c.downloads DESC, c.value
           ) AS place
         FROM counted c LEFT JOIN held h ON h.target_id = c.target_id
           LEFT JOIN download_breakdown_daily b ON b.target_id = c.target_id AND b.day = $1::date
             AND b.dimension = c.dimension AND b.value = c.value
       ), bounded AS (
         SELECT target_id, dimension, CASE WHEN is_known OR clients + place <= $6 THEN value ELSE $7 END AS value,
           downloads
         FROM placed
       )
       INSERT INTO download_breakdown_daily (target_id, day, dimension, value, downloads)
       SELECT target_id, $1::date, dimension, value, sum(downloads) FROM bounded
       GROUP BY target_id, dimension, value ORDER BY target_id, dimension, value
       ON CONFLICT (target_id, day, dimension, value)
         DO UPDATE SET downloads = download_breakdown_daily.downloads + excluded.downloads`,
      [
        day,
        counts.map(({ targetId }) => targetId),
        counts.map(({ dimension }) => dimension),
        counts.map(({ value }) => value),
        counts.map(({ downloads }) => downloads),
        maxClients,
        OTHER_CLIENT,
      ],
    );
  }

  /** Downloads of these targets in a range by what is known of them; what is not known counts under `''`. */
  async sums(
    targetIds: readonly string[],
    { from, to }: DayRange,
    dimension: BreakdownDimension,
  ): Promise<Map<string, number>> {
    const rows = await this.query<{ value: string; downloads: string }>(
      `WITH known AS (
         SELECT value, sum(downloads) AS downloads FROM download_breakdown_daily
         WHERE target_id = ANY($1::uuid[]) AND day BETWEEN $2 AND $3 AND dimension = $4 GROUP BY value
       ), total AS (
         SELECT coalesce(sum(downloads), 0) AS downloads FROM download_counts_daily
         WHERE target_id = ANY($1::uuid[]) AND day BETWEEN $2 AND $3
       )
       SELECT value, downloads FROM known UNION ALL
       SELECT '', total.downloads - coalesce((SELECT sum(downloads) FROM known), 0) FROM total`,
      [targetIds, from, to, dimension],
    );
    return new Map(rows.map(({ value, downloads }) => [value, Number(downloads)]));
  }

  /** The organizations for which most is downloaded, of those that are given. */
  async topOrganizations(
    ids: 'all' | readonly string[],
    { from, to }: DayRange,
    limit: number,
  ): Promise<Usage> {
    const rows = await this.query<TopRow>(
      `SELECT o.name AS key, sum(b.downloads) AS downloads, sum(sum(b.downloads)) OVER () AS total
       FROM download_breakdown_daily b JOIN organizations o ON o.id::text = b.value
       WHERE b.dimension = 'organization' AND b.day BETWEEN $1 AND $2 AND ($3::uuid[] IS NULL OR o.id = ANY($3))
       GROUP BY o.id ORDER BY 2 DESC, 1 LIMIT $4`,
      [from, to, ids === 'all' ? null : ids, limit],
    );
    return topOf(rows);
  }

  /** The clients with which most is downloaded. */
  async topClients({ from, to }: DayRange, limit: number): Promise<Usage> {
    const rows = await this.query<TopRow>(
      `SELECT value AS key, sum(downloads) AS downloads, sum(sum(downloads)) OVER () AS total
       FROM download_breakdown_daily WHERE dimension = 'client' AND day BETWEEN $1 AND $2
       GROUP BY value ORDER BY 2 DESC, 1 LIMIT $3`,
      [from, to, limit],
    );
    return topOf(rows);
  }

  private query<Row>(text: string, values: unknown[]): Promise<Row[]> {
    return this.manager.query(text, values) as Promise<Row[]>;
  }
}
