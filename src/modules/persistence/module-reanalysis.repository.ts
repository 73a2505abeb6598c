import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { ANALYZER_VERSION } from '../domain/analyzed-module.js';
import type { ReanalysisProgress, ReanalysisSelection } from '../domain/reanalysis.js';
import { ModuleDocumentationEntity } from './module-documentation.entity.js';

/** Which versions wait for another analysis. Joins the ambient transaction. */
@Injectable()
export class ModuleReanalysisRepository extends BaseRepository<ModuleDocumentationEntity> {
  constructor(dataSource: DataSource) {
    super(ModuleDocumentationEntity, dataSource);
  }

  /** Asks for the analysis of every selected version that has an archive; answers how many. */
  async request({ namespace, name, system, version, only }: ReanalysisSelection): Promise<number> {
    const [row] = await this.manager.query<{ count: number }[]>(
      `WITH requested AS (
         INSERT INTO module_documentation (version_id, requested_at)
         SELECT v.id, now() FROM module_versions v
           JOIN registry_modules m ON m.id = v.module_id
           LEFT JOIN module_documentation d ON d.version_id = v.id
         WHERE v.artifact_id IS NOT NULL
           AND ($1::text IS NULL OR lower(replace(m.namespace, '_', '-')) = $1)
           AND ($2::text IS NULL OR m.name = $2)
           AND ($3::text IS NULL OR m.system = $3)
           AND ($4::text IS NULL OR v.version = $4)
           AND ($5 = 'all' OR ($5 = 'failed' AND d.status = 'failed')
             OR ($5 = 'outdated' AND (d.version_id IS NULL OR d.analyzer < $6)))
         ORDER BY v.id
         ON CONFLICT (version_id) DO UPDATE SET requested_at = now()
         RETURNING 1
       ) SELECT count(*)::int AS count FROM requested`,
      [namespace ?? null, name ?? null, system ?? null, version ?? null, only, ANALYZER_VERSION],
    );
    return row?.count ?? 0;
  }

  /** The versions that wait longest. */
  async waiting(limit: number): Promise<string[]> {
    const rows = await this.manager.query<{ id: string }[]>(
      `SELECT version_id AS id FROM module_documentation WHERE requested_at IS NOT NULL
       ORDER BY requested_at, version_id LIMIT $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** How far the versions of these organizations are. */
  async progress(organizations: 'all' | readonly string[]): Promise<ReanalysisProgress> {
    const [row] = await this.manager.query<ReanalysisProgress[]>(
      `SELECT count(*) FILTER (WHERE is_waiting)::int AS pending,
         count(*) FILTER (WHERE NOT is_waiting AND status = 'ready')::int AS ready,
         count(*) FILTER (WHERE NOT is_waiting AND status = 'failed')::int AS failed
       FROM (
         SELECT d.status, (d.requested_at IS NOT NULL OR d.status IS NULL OR d.status = 'pending') AS is_waiting
         FROM module_versions v
           JOIN registry_modules m ON m.id = v.module_id
           LEFT JOIN module_documentation d ON d.version_id = v.id
         WHERE v.artifact_id IS NOT NULL AND ($1::uuid[] IS NULL OR m.organization_id = ANY ($1))
       ) versions`,
      [organizations === 'all' ? null : [...organizations]],
    );
    return row ?? { pending: 0, ready: 0, failed: 0 };
  }
}
