import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ProviderReanalysisSelection } from '../domain/provider-reanalysis.js';
import { ProviderDocumentationEntity } from './provider-documentation.entity.js';

/** Which versions wait for their pages to be made again. Joins the ambient transaction. */
@Injectable()
export class ProviderReanalysisRepository extends BaseRepository<ProviderDocumentationEntity> {
  constructor(dataSource: DataSource) {
    super(ProviderDocumentationEntity, dataSource);
  }

  /** Asks for the pages of every selected version that has an archive; answers how many. */
  async request({ namespace, type, version, only }: ProviderReanalysisSelection): Promise<number> {
    const [row] = await this.manager.query<{ count: number }[]>(
      `WITH requested AS (
         INSERT INTO provider_documentation (version_id, requested_at)
         SELECT v.id, now() FROM provider_versions v
           JOIN registry_providers p ON p.id = v.provider_id
           LEFT JOIN provider_documentation d ON d.version_id = v.id
         WHERE v.docs_artifact_id IS NOT NULL
           AND ($1::text IS NULL OR lower(replace(p.namespace, '_', '-')) = $1 AND p.upstream_host = '')
           AND ($2::text IS NULL OR p.type = $2)
           AND ($3::text IS NULL OR v.version = $3)
           AND ($4 = 'all' OR d.status = 'failed')
         ORDER BY v.id
         ON CONFLICT (version_id) DO UPDATE SET requested_at = now()
         RETURNING 1
       ) SELECT count(*)::int AS count FROM requested`,
      [namespace ?? null, type ?? null, version ?? null, only],
    );
    return row?.count ?? 0;
  }

  /** The versions that wait longest. */
  async waiting(limit: number): Promise<string[]> {
    const rows = await this.manager.query<{ id: string }[]>(
      `SELECT version_id AS id FROM provider_documentation WHERE requested_at IS NOT NULL
       ORDER BY requested_at, version_id LIMIT $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }
}
