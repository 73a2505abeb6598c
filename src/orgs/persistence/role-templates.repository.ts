import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { isUniqueViolation } from '../../platform/database/pg-errors.js';
import { RoleTemplateNameTaken } from '../domain/members.errors.js';
import type { RoleTemplate } from '../domain/role-template.js';
import { RoleTemplateEntity } from './role-template.entity.js';

/** What people decide about a template. */
export type RoleTemplateContent = Pick<RoleTemplateEntity, 'name' | 'displayName' | 'description' | 'scopes'>;

/** Role templates. Joins the ambient transaction. */
@Injectable()
export class RoleTemplatesRepository extends BaseRepository<RoleTemplateEntity> {
  constructor(dataSource: DataSource) {
    super(RoleTemplateEntity, dataSource);
  }

  /** All of them, those of the product first, then by name. */
  list(): Promise<RoleTemplate[]> {
    return this.repository.find({ order: { isSystem: 'DESC', name: 'ASC' } });
  }

  findById(id: string): Promise<RoleTemplate | null> {
    return this.repository.findOneBy({ id });
  }

  findByName(name: string): Promise<RoleTemplate | null> {
    return this.repository.findOneBy({ name });
  }

  /** The template, locked until the transaction ends: `use` against its deletion or change, `change` against use. */
  lock(id: string, purpose: 'use' | 'change'): Promise<RoleTemplate | null> {
    const mode = purpose === 'use' ? 'for_key_share' : 'pessimistic_write';
    return this.repository.findOne({ where: { id }, lock: { mode } });
  }

  /** Stores a template. Throws {@link RoleTemplateNameTaken}. */
  async add(content: RoleTemplateContent): Promise<RoleTemplate> {
    try {
      const entity = this.repository.create(content);
      await this.repository.insert(entity);
      return entity;
    } catch (error) {
      throw isUniqueViolation(error, 'uq_role_template_name') ? new RoleTemplateNameTaken() : error;
    }
  }

  async update(id: string, change: Partial<RoleTemplateContent>): Promise<RoleTemplate> {
    if (Object.keys(change).length > 0) await this.repository.update({ id }, change);
    return this.repository.findOneByOrFail({ id });
  }

  async delete(id: string): Promise<void> {
    await this.repository.delete({ id });
  }
}
