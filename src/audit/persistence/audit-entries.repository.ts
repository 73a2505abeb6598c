import { Injectable } from '@nestjs/common';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { AuditEntry } from '../domain/audit-entry.js';
import type { AuditFilter, AuditVisibility } from '../domain/audit-filter.js';
import { AuditEntryEntity } from './audit-entry.entity.js';

type Query = SelectQueryBuilder<AuditEntryEntity>;

/** Reads entries for people. */
@Injectable()
export class AuditEntriesRepository extends BaseRepository<AuditEntryEntity> {
  constructor(dataSource: DataSource) {
    super(AuditEntryEntity, dataSource);
  }

  /** One page, newest first. */
  async page(filter: AuditFilter, visible: AuditVisibility, request: PageRequest): Promise<Page<AuditEntry>> {
    const { page, perPage } = request;
    const [items, total] = await this.matching(filter, visible)
      .orderBy('entry.createdAt', 'DESC')
      .addOrderBy('entry.id', 'DESC')
      .offset((page - 1) * perPage)
      .limit(perPage)
      .getManyAndCount();
    return { items, total, page, perPage };
  }

  /** The visible entry of this id. */
  findVisible(id: string, visible: AuditVisibility): Promise<AuditEntry | null> {
    return this.matching({}, visible).andWhere('entry.id = :id', { id }).getOne();
  }

  /** At most `limit` entries behind `after`, oldest first. */
  following(
    filter: AuditFilter,
    visible: AuditVisibility,
    after: Pick<AuditEntry, 'createdAt' | 'id'> | undefined,
    limit: number,
  ): Promise<AuditEntry[]> {
    const query = this.matching(filter, visible)
      .orderBy('entry.createdAt', 'ASC')
      .addOrderBy('entry.id', 'ASC')
      .limit(limit);
    if (after !== undefined) {
      query.andWhere('(entry.createdAt, entry.id) > (:afterTime, :afterId)', {
        afterTime: after.createdAt,
        afterId: after.id,
      });
    }
    return query.getMany();
  }

  /** The time of the database, in which entries are dated. */
  async now(): Promise<Date> {
    const rows: { now: Date }[] = await this.manager.query('SELECT clock_timestamp() AS now');
    return rows[0]!.now;
  }

  private matching(filter: AuditFilter, visible: AuditVisibility): Query {
    const { action, resourceType, userId, userEmail, from, until } = filter;
    const query = this.repository.createQueryBuilder('entry').where('true');
    if (visible !== 'all') query.andWhere('entry.organizationId = ANY(:visible)', { visible });
    if (action) query.andWhere('entry.action ILIKE :action', { action: partOf(action) });
    if (resourceType) query.andWhere('entry.resourceType = :resourceType', { resourceType });
    if (userId) query.andWhere('entry.userId = :userId', { userId });
    if (userEmail) query.andWhere('entry.userEmail ILIKE :userEmail', { userEmail: partOf(userEmail) });
    if (from) query.andWhere('entry.createdAt >= :from', { from });
    if (until) query.andWhere('entry.createdAt <= :until', { until });
    return query;
  }
}

/** A pattern that finds the text anywhere; its own special characters mean themselves. */
function partOf(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}
