import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Scope } from '../../access/scope.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { HeldMembership } from '../domain/held-membership.js';
import { MembershipEntity } from './membership.entity.js';

interface MembershipRow {
  user_id: string;
  organization_id: string;
  organization_name: string;
  is_default: boolean;
  created_at: Date;
  role_id: string | null;
  role_name: string;
  role_display_name: string;
  role_scopes: Scope[];
}

/** Memberships seen from the person. Joins the ambient transaction. */
@Injectable()
export class HeldMembershipsRepository extends BaseRepository<MembershipEntity> {
  constructor(dataSource: DataSource) {
    super(MembershipEntity, dataSource);
  }

  /** The memberships of these users in these organizations, by name of the organization. */
  async list(
    userIds: readonly string[],
    organizationIds: 'all' | readonly string[] = 'all',
  ): Promise<HeldMembership[]> {
    const rows: MembershipRow[] = await this.manager.query(
      `SELECT m.user_id, m.organization_id, o.name AS organization_name, o.is_default, m.created_at,
         r.id AS role_id, r.name AS role_name, r.display_name AS role_display_name, r.scopes AS role_scopes
       FROM memberships m JOIN organizations o ON o.id = m.organization_id
         LEFT JOIN role_templates r ON r.id = m.role_template_id
       WHERE m.user_id = ANY($1::uuid[]) AND ($2::uuid[] IS NULL OR m.organization_id = ANY($2::uuid[]))
       ORDER BY o.name, o.id, m.user_id`,
      [userIds, organizationIds === 'all' ? null : organizationIds],
    );
    return rows.map(membershipOf);
  }
}

function membershipOf(row: MembershipRow): HeldMembership {
  const { role_id: id, role_name: name, role_display_name: displayName, role_scopes: scopes } = row;
  return {
    userId: row.user_id,
    organizationId: row.organization_id,
    organizationName: row.organization_name,
    isDefaultOrganization: row.is_default,
    role: id === null ? null : { id, name, displayName, scopes },
    createdAt: row.created_at,
  };
}
