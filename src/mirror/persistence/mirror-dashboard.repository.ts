import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Transactions } from '../../platform/database/transactions.js';

const RECENT = 8;

/** Enabled mirrors in numbers, and their newest runs. */
export interface MirrorNumbers {
  readonly total: number;
  readonly failed: number;
  readonly syncing: number;
  readonly runs: readonly {
    readonly name: string;
    readonly status: string;
    readonly startedAt: string;
    readonly completedAt: string | null;
    readonly versions: number;
    readonly packages: number;
    readonly triggeredBy: string;
  }[];
}

/** The numbers of mirrors for the dashboard. */
@Injectable()
export class MirrorDashboardRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Of the mirrors of these organizations; those of none belong to the default one. */
  async numbers(organizations: 'all' | readonly string[]): Promise<MirrorNumbers> {
    const [row] = await Transactions.managerOf(this.dataSource).query<MirrorNumbers[]>(
      `WITH seen AS (
         SELECT id, name, is_enabled, last_sync_status FROM mirrors
         WHERE $1::uuid[] IS NULL
            OR coalesce(organization_id, (SELECT id FROM organizations WHERE is_default)) = ANY ($1)
       ), newest AS (
         SELECT s.*, seen.name FROM mirror_syncs s JOIN seen ON seen.id = s.mirror_id
         ORDER BY s.started_at DESC, s.id DESC LIMIT $2
       )
       SELECT
         (SELECT count(*)::int FROM seen WHERE is_enabled) AS total,
         (SELECT count(*)::int FROM seen WHERE is_enabled AND last_sync_status = 'failed') AS failed,
         (SELECT count(*)::int FROM seen WHERE is_enabled AND last_sync_status = 'in_progress') AS syncing,
         coalesce((SELECT jsonb_agg(jsonb_build_object(
           'name', n.name, 'status', n.status, 'startedAt', n.started_at, 'completedAt', n.completed_at,
           'triggeredBy', n.triggered_by, 'versions', l.versions, 'packages', l.packages))
          FROM newest n CROSS JOIN LATERAL (
            SELECT count(DISTINCT (namespace, provider_type, version))::int AS versions, count(*)::int AS packages
            FROM mirror_sync_lines WHERE sync_id = n.id AND outcome = 'stored') l), '[]') AS runs`,
      [organizations === 'all' ? null : [...organizations], RECENT],
    );
    return row!;
  }
}
