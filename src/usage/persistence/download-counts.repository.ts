import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { DayRange } from '../domain/day.js';
import type { UsageSummary } from '../domain/usage.js';
import { DownloadCountEntity } from './download-count.entity.js';

/** Download counts and the segments they came from. Joins the ambient transaction. */
@Injectable()
export class DownloadCountsRepository extends BaseRepository<DownloadCountEntity> {
  constructor(dataSource: DataSource) {
    super(DownloadCountEntity, dataSource);
  }

  /** Marks a segment as carried over; `false` when it was already. Who waits for another process gets its answer. */
  async claimSpool(spool: string): Promise<boolean> {
    const rows = await this.query(
      'INSERT INTO folded_download_spools (spool) VALUES ($1) ON CONFLICT DO NOTHING RETURNING spool',
      [spool],
    );
    return rows.length > 0;
  }

  /** Adds downloads of one day. Rows are locked in the order of their ids. */
  async add(day: string, counts: ReadonlyMap<string, number>): Promise<void> {
    const sorted = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
    await this.query(
      `INSERT INTO download_counts_daily (target_id, day, downloads)
       SELECT target_id, $1::date, downloads FROM unnest($2::uuid[], $3::bigint[]) AS counted (target_id, downloads)
       ON CONFLICT (target_id, day) DO UPDATE SET downloads = download_counts_daily.downloads + excluded.downloads`,
      [day, sorted.map(([targetId]) => targetId), sorted.map(([, downloads]) => downloads)],
    );
  }

  /** Downloads of all days, for the targets that have any. */
  async totals(targetIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.query<{ target_id: string; downloads: string }>(
      `SELECT target_id, sum(downloads) AS downloads FROM download_counts_daily
       WHERE target_id = ANY($1::uuid[]) GROUP BY target_id`,
      [targetIds],
    );
    return new Map(rows.map((row) => [row.target_id, Number(row.downloads)]));
  }

  /** The last day with a download, as `YYYY-MM-DD` in UTC, for the targets that have one. */
  async lastDays(targetIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.query<{ target_id: string; day: string }>(
      `SELECT target_id, max(day)::text AS day FROM download_counts_daily
       WHERE target_id = ANY($1::uuid[]) GROUP BY target_id`,
      [targetIds],
    );
    return new Map(rows.map((row) => [row.target_id, row.day]));
  }

  /** Downloads in a range, for the targets that have any. */
  async sumsByTarget(targetIds: readonly string[], { from, to }: DayRange): Promise<Map<string, number>> {
    const rows = await this.query<{ target_id: string; downloads: string }>(
      `SELECT target_id, sum(downloads) AS downloads FROM download_counts_daily
       WHERE target_id = ANY($1::uuid[]) AND day BETWEEN $2 AND $3 GROUP BY target_id`,
      [targetIds, from, to],
    );
    return new Map(rows.map((row) => [row.target_id, Number(row.downloads)]));
  }

  /** Downloads of all these targets on each day of a range that has any. */
  async sumsByDay(targetIds: readonly string[], { from, to }: DayRange): Promise<Map<string, number>> {
    const rows = await this.query<{ day: string; downloads: string }>(
      `SELECT day::text AS day, sum(downloads) AS downloads FROM download_counts_daily
       WHERE target_id = ANY($1::uuid[]) AND day BETWEEN $2 AND $3 GROUP BY day`,
      [targetIds, from, to],
    );
    return new Map(rows.map((row) => [row.day, Number(row.downloads)]));
  }

  /** Downloads of all these targets since the given days, and of all time. */
  async summary(
    targetIds: readonly string[],
    since: Readonly<Record<'week' | 'month' | 'year', string>>,
  ): Promise<UsageSummary> {
    const [row] = await this.query<Record<keyof UsageSummary, string | null>>(
      `SELECT sum(downloads) FILTER (WHERE day >= $2) AS week, sum(downloads) FILTER (WHERE day >= $3) AS month,
         sum(downloads) FILTER (WHERE day >= $4) AS year, sum(downloads) AS total
       FROM download_counts_daily WHERE target_id = ANY($1::uuid[])`,
      [targetIds, since.week, since.month, since.year],
    );
    const { week, month, year, total } = row!;
    return { week: Number(week), month: Number(month), year: Number(year), total: Number(total) };
  }

  /** Forgets segments carried over long ago; their files are gone. */
  async forgetSpoolsOlderThan(days: number): Promise<void> {
    await this.query(
      'WITH old AS (DELETE FROM folded_download_spools WHERE folded_at < now() - make_interval(days => $1)) SELECT 1',
      [days],
    );
  }

  private query<Row = unknown>(text: string, values: unknown[]): Promise<Row[]> {
    return this.manager.query(text, values) as Promise<Row[]>;
  }
}
