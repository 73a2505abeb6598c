import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
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

  findByName(name: string): Promise<Organization | null> {
    return this.repository.findOneBy({ name });
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
