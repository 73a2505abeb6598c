import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Scope } from '../../access/scope.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { Leadership } from '../domain/leadership.js';
import type { Member, MembershipSource } from '../domain/member.js';
import { MembershipEntity } from './membership.entity.js';

interface MemberRow {
  organization_id: string;
  user_id: string;
  user_name: string;
  user_email: string;
  source: MembershipSource;
  created_at: Date;
  template_id: string | null;
  template_name: string;
  template_display_name: string;
  template_scopes: Scope[];
}

const MEMBERS = `
  SELECT m.organization_id, m.user_id, u.name AS user_name, u.email AS user_email, m.source, m.created_at,
    r.id AS template_id, r.name AS template_name, r.display_name AS template_display_name,
    r.scopes AS template_scopes
  FROM memberships m JOIN users u ON u.id = m.user_id
    LEFT JOIN role_templates r ON r.id = m.role_template_id`;

/** Memberships seen from the organization. Joins the ambient transaction. */
@Injectable()
export class MembershipsRepository extends BaseRepository<MembershipEntity> {
  constructor(dataSource: DataSource) {
    super(MembershipEntity, dataSource);
  }

  /** Every member of an organization, by name. */
  async list(organizationId: string): Promise<Member[]> {
    const rows: MemberRow[] = await this.manager.query(
      `${MEMBERS} WHERE m.organization_id = $1 ORDER BY lower(u.name), u.name, u.id`,
      [organizationId],
    );
    return rows.map(memberOf);
  }

  async find(organizationId: string, userId: string): Promise<Member | undefined> {
    const rows: MemberRow[] = await this.manager.query(
      `${MEMBERS} WHERE m.organization_id = $1 AND m.user_id = $2`,
      [organizationId, userId],
    );
    return rows[0] && memberOf(rows[0]);
  }

  /** The memberships that group mappings gave a user. */
  async listMapped(userId: string): Promise<Member[]> {
    const rows: MemberRow[] = await this.manager.query(
      `${MEMBERS} WHERE m.user_id = $1 AND m.source = 'mapped'`,
      [userId],
    );
    return rows.map(memberOf);
  }

  /** Stores a membership, or changes its role and who gave it. */
  async put(
    membership: Pick<MembershipEntity, 'organizationId' | 'userId' | 'roleTemplateId' | 'source'>,
  ): Promise<void> {
    await this.repository.upsert(membership, ['organizationId', 'userId']);
  }

  async remove(organizationId: string, userId: string): Promise<void> {
    await this.repository.delete({ organizationId, userId });
  }

  async hasOrganization(organizationId: string): Promise<boolean> {
    const rows: unknown[] = await this.manager.query('SELECT 1 FROM organizations WHERE id = $1', [
      organizationId,
    ]);
    return rows.length > 0;
  }

  /** Whether the user exists; kept from being deleted until the transaction ends. */
  async holdUser(userId: string): Promise<boolean> {
    const rows: unknown[] = await this.manager.query('SELECT 1 FROM users WHERE id = $1 FOR KEY SHARE', [
      userId,
    ]);
    return rows.length > 0;
  }

  /** The organizations in which somebody has this template. */
  async organizationsUsing(roleTemplateId: string): Promise<string[]> {
    const rows: { id: string }[] = await this.manager.query(
      'SELECT DISTINCT organization_id AS id FROM memberships WHERE role_template_id = $1',
      [roleTemplateId],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Locks organizations until the transaction ends, in the order of their ids as everybody does, so that changes
   * of who leads them happen one after the other. Publishing into them goes on.
   */
  async lockOrganizations(organizationIds: readonly string[]): Promise<void> {
    await this.manager.query(
      'SELECT 1 FROM organizations WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE',
      [organizationIds],
    );
  }

  /** Who leads these organizations; only active people count. */
  async leadership(organizationIds: readonly string[]): Promise<Leadership[]> {
    return this.manager.query<Leadership[]>(
      `SELECT o.id AS "organizationId", o.name AS "organizationName", o.is_default AS "isDefault",
         count(*) FILTER (WHERE u.is_active AND 'admin' = ANY(r.scopes))::int AS administrators,
         count(*) FILTER (WHERE u.is_active AND r.name = 'owner')::int AS owners
       FROM organizations o LEFT JOIN memberships m ON m.organization_id = o.id
         LEFT JOIN users u ON u.id = m.user_id LEFT JOIN role_templates r ON r.id = m.role_template_id
       WHERE o.id = ANY($1::uuid[]) GROUP BY o.id ORDER BY o.is_default DESC, o.name`,
      [organizationIds],
    );
  }
}

function memberOf(row: MemberRow): Member {
  return {
    organizationId: row.organization_id,
    userId: row.user_id,
    userName: row.user_name,
    userEmail: row.user_email,
    template:
      row.template_id === null
        ? null
        : {
            id: row.template_id,
            name: row.template_name,
            displayName: row.template_display_name,
            scopes: row.template_scopes,
          },
    source: row.source,
    createdAt: row.created_at,
  };
}
