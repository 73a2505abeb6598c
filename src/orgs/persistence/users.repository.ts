import { Injectable } from '@nestjs/common';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { User } from '../domain/user.js';
import type { VisibleUsers } from '../domain/visible-users.js';
import { UserEntity } from './user.entity.js';

/** What is stored of a new user. */
export type UserInsert = Pick<User, 'email' | 'name'> &
  Partial<Pick<UserEntity, 'oidcSub' | 'oidcIssuer' | 'setupAdministrator'>>;

/** Users. Joins the ambient transaction. */
@Injectable()
export class UsersRepository extends BaseRepository<UserEntity> {
  constructor(dataSource: DataSource) {
    super(UserEntity, dataSource);
  }

  findById(id: string): Promise<UserEntity | null> {
    return this.repository.findOneBy({ id });
  }

  /** The user with this address, which is in the form of `emailAddress`. */
  findByEmail(email: string): Promise<UserEntity | null> {
    return this.repository.createQueryBuilder('u').where('lower(u.email) = :email', { email }).getOne();
  }

  /** The user with this subject at this issuer; `null` finds a subject that was set in advance. */
  findBySubject(issuer: string | null, subject: string): Promise<UserEntity | null> {
    return this.repository
      .createQueryBuilder('u')
      .where(`coalesce(u.oidc_issuer, '') = :issuer AND u.oidc_sub = :subject`, {
        issuer: issuer ?? '',
        subject,
      })
      .getOne();
  }

  /** The user whose first sign-in setup waits for. */
  findSetupAdministrators(): Promise<UserEntity[]> {
    return this.repository
      .createQueryBuilder('u')
      .where('u.setupAdministrator IS NOT NULL')
      .setLock('pessimistic_write')
      .getMany();
  }

  /** The user, locked until the transaction ends, also against new memberships. */
  lock(id: string): Promise<UserEntity | null> {
    return this.repository.findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Stores a user unless address or subject are taken; waits for a transaction that is taking them. */
  async addIfAbsent(user: UserInsert): Promise<UserEntity | null> {
    const { raw } = await this.repository
      .createQueryBuilder()
      .insert()
      .values(user)
      .orIgnore()
      .returning('id')
      .execute();
    const [row] = raw as { id: string }[];
    return row === undefined ? null : this.findById(row.id);
  }

  async update(
    id: string,
    change: Partial<Pick<UserEntity, 'email' | 'name' | 'isActive' | 'setupAdministrator'>>,
  ): Promise<void> {
    await this.repository.update({ id }, change);
  }

  /** Binds a user without issuer to an identity, once. Whether this call did it. */
  async bindIdentity(id: string, issuer: string, subject: string): Promise<boolean> {
    const { affected } = await this.repository
      .createQueryBuilder()
      .update()
      .set({ oidcIssuer: issuer, oidcSub: subject, setupAdministrator: null })
      .where('id = :id AND oidc_issuer IS NULL AND (oidc_sub IS NULL OR oidc_sub = :subject)', {
        id,
        subject,
      })
      .execute();
    return affected === 1;
  }

  async delete(id: string): Promise<void> {
    await this.repository.delete({ id });
  }

  /** One page of the users that may be seen, by e-mail; `text` narrows it to a part of name or e-mail. */
  async list(visible: VisibleUsers, { page, perPage }: PageRequest, text?: string): Promise<Page<User>> {
    const query = narrowed(this.repository.createQueryBuilder('u'), visible);
    if (text !== undefined) {
      const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
      query.andWhere('(u.name ILIKE :pattern OR u.email ILIKE :pattern)', { pattern });
    }
    query
      .orderBy('u.email')
      .addOrderBy('u.id')
      .limit(perPage)
      .offset((page - 1) * perPage);
    const [items, total] = await Promise.all([query.getMany(), query.clone().getCount()]);
    return { items, total, page, perPage };
  }

  /** How many people belong to these organizations; all users for `all`. */
  countIn(organizationIds: 'all' | readonly string[]): Promise<number> {
    const visible =
      organizationIds === 'all' ? 'all' : { organizationIds, isWithoutMembershipVisible: false };
    return narrowed(this.repository.createQueryBuilder('u'), visible).getCount();
  }

  /** Whether this user is among those that may be seen. */
  isVisible(id: string, visible: VisibleUsers): Promise<boolean> {
    return narrowed(this.repository.createQueryBuilder('u'), visible).andWhere({ id }).getExists();
  }
}

function narrowed(
  query: SelectQueryBuilder<UserEntity>,
  visible: VisibleUsers,
): SelectQueryBuilder<UserEntity> {
  if (visible === 'all') return query;
  const shared = `EXISTS (SELECT 1 FROM memberships m
    WHERE m.user_id = u.id AND m.organization_id = ANY(:organizations::uuid[]))`;
  const alone = 'NOT EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = u.id)';
  return query.where(visible.isWithoutMembershipVisible ? `(${shared} OR ${alone})` : shared, {
    organizations: [...visible.organizationIds],
  });
}
