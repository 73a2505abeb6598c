import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { Organization } from '../domain/organization.js';
import { OrganizationEntity } from './organization.entity.js';

/** Organizations. Joins the ambient transaction. */
@Injectable()
export class OrganizationsRepository extends BaseRepository<OrganizationEntity> {
  constructor(dataSource: DataSource) {
    super(OrganizationEntity, dataSource);
  }

  findDefault(): Promise<Organization | null> {
    return this.repository.findOneBy({ isDefault: true });
  }

  findById(id: string): Promise<Organization | null> {
    return this.repository.findOneBy({ id });
  }

  /** The names of those of these organizations that exist, by id. */
  async namesOf(ids: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.repository.find({
      where: { id: In([...ids]) },
      select: { id: true, name: true },
    });
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  /** How many of these organizations there are. */
  countOf(ids: 'all' | readonly string[]): Promise<number> {
    return this.repository.countBy(ids === 'all' ? {} : { id: In([...ids]) });
  }

  findByName(name: string): Promise<Organization | null> {
    return this.repository.findOneBy({ name });
  }

  /** The organization whose name is `folded` in the form of namespaces. */
  findByFoldedName(folded: string): Promise<Organization | null> {
    return this.repository
      .createQueryBuilder('o')
      .where(`lower(replace(o.name, '_', '-')) = :folded`, { folded })
      .getOne();
  }

  /** One page of these organizations, by name; `text` narrows it to a part of the names. */
  async list(
    ids: 'all' | readonly string[],
    { page, perPage }: PageRequest,
    text?: string,
  ): Promise<Page<Organization>> {
    const query = this.repository.createQueryBuilder('o');
    if (ids !== 'all') query.andWhere('o.id = ANY(:ids::uuid[])', { ids: [...ids] });
    if (text !== undefined) {
      const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
      query.andWhere('(o.name ILIKE :pattern OR o.display_name ILIKE :pattern)', { pattern });
    }
    query.orderBy('lower(o.name)').addOrderBy('o.id');
    const items = await query
      .clone()
      .limit(perPage)
      .offset((page - 1) * perPage)
      .getMany();
    return { items, total: await query.clone().orderBy().getCount(), page, perPage };
  }

  /** The organization, locked until the transaction ends against everybody who works in it. */
  lock(id: string): Promise<Organization | null> {
    return this.repository.findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Keeps the organization from being deleted or shown to others until the transaction ends. */
  hold(id: string): Promise<Organization | null> {
    return this.repository.findOne({ where: { id }, lock: { mode: 'for_key_share' } });
  }

  /** Stores an organization; `undefined` when its name is taken, in whatever spelling. */
  async addIfAbsent(
    organization: Pick<Organization, 'name' | 'displayName' | 'visibility'>,
  ): Promise<Organization | undefined> {
    const { raw } = await this.repository
      .createQueryBuilder()
      .insert()
      .values(organization)
      .orIgnore()
      .returning('id')
      .execute();
    const [row] = raw as { id: string }[];
    return row && ((await this.findById(row.id)) ?? undefined);
  }

  async update(
    id: string,
    change: Partial<Pick<OrganizationEntity, 'displayName' | 'visibility'>>,
  ): Promise<Organization> {
    if (Object.keys(change).length > 0) await this.repository.update({ id }, change);
    return this.repository.findOneByOrFail({ id });
  }

  async delete(id: string): Promise<void> {
    await this.repository.delete({ id });
  }

  /** Makes another organization the default one. At most one is, at every moment. */
  async setDefault(id: string): Promise<void> {
    await this.repository.update({ isDefault: true }, { isDefault: false });
    await this.repository.update({ id }, { isDefault: true });
  }

  /** Makes `name` the default organization unless there is one; processes that race agree on one. */
  async addDefaultIfAbsent(name: string): Promise<void> {
    await this.manager.query(
      `INSERT INTO organizations (name, display_name, is_default)
       SELECT $1::text, $1::text, true WHERE NOT EXISTS (SELECT FROM organizations WHERE is_default)
       ON CONFLICT DO NOTHING`,
      [name],
    );
    // An organization of that name may have been there without being the default.
    await this.manager.query(
      `UPDATE organizations SET is_default = true, updated_at = now()
       WHERE name = $1 AND NOT EXISTS (SELECT FROM organizations WHERE is_default)`,
      [name],
    );
  }

  /** Whether an organization other than `organizationId` has a name that is `folded` in the form of namespaces. */
  async isNameOfAnother(folded: string, organizationId: string): Promise<boolean> {
    const rows: unknown[] = await this.manager.query(
      `SELECT 1 FROM organizations WHERE lower(replace(name, '_', '-')) = $1 AND id <> $2 LIMIT 1`,
      [folded, organizationId],
    );
    return rows.length > 0;
  }
}
