import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { DownloadedObjects, RecordedDownload } from '../domain/recorded-download.js';
import { AuditEntryEntity } from './audit-entry.entity.js';

/** Only entries of downloads have this. */
const TIME = `metadata->>'downloaded_at'`;
const MATCHING = `FROM audit_entries
  WHERE resource_type = $1 AND resource_id = ANY($2) AND organization_id = $3 AND ${TIME} IS NOT NULL`;

/** Entries of downloads. */
@Injectable()
export class RecordedDownloadsRepository extends BaseRepository<AuditEntryEntity> {
  constructor(dataSource: DataSource) {
    super(AuditEntryEntity, dataSource);
  }

  /** One page of the downloads of these objects, newest first. */
  async page(
    { resourceType, ids, organizationId }: DownloadedObjects,
    { page, perPage }: PageRequest,
  ): Promise<Page<RecordedDownload>> {
    const which = [resourceType, ids, organizationId];
    const rows = await this.manager.query<(Omit<RecordedDownload, 'at'> & { at: string })[]>(
      `SELECT coalesce(user_email, user_name) AS principal, metadata->>'client_version' AS client,
         ip_address AS "ipAddress", ${TIME} AS at
       ${MATCHING} ORDER BY ${TIME} DESC, id DESC LIMIT $4 OFFSET $5`,
      [...which, perPage, (page - 1) * perPage],
    );
    const [{ total }] = await this.manager.query<[{ total: number }]>(
      `SELECT count(*)::int AS total ${MATCHING}`,
      which,
    );
    return { items: rows.map((row) => ({ ...row, at: new Date(row.at) })), total, page, perPage };
  }
}
