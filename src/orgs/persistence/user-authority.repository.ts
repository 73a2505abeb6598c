import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Scope } from '../../access/scope.js';
import { NamedQuery } from '../../platform/database/named-query.js';
import type { UserFacts } from '../domain/user-facts.js';

interface UserRow {
  id: string;
  name: string;
  email: string;
  is_active: boolean;
  roles: { organization_id: string; is_default: boolean; scopes: Scope[] | null }[] | null;
}

const BY_ID = `
  SELECT u.id, u.name, u.email, u.is_active,
    (SELECT json_agg(json_build_object(
        'organization_id', m.organization_id, 'is_default', o.is_default, 'scopes', r.scopes))
      FROM memberships m
      JOIN organizations o ON o.id = m.organization_id
      LEFT JOIN role_templates r ON r.id = m.role_template_id
      WHERE m.user_id = u.id) AS roles
  FROM users u WHERE u.id = $1`;

/** What decides what a user may do, in one indexed statement. */
@Injectable()
export class UserAuthorityRepository {
  private readonly byId: NamedQuery<UserRow>;

  constructor(dataSource: DataSource) {
    this.byId = new NamedQuery(dataSource, 'user-authority', BY_ID);
  }

  /** The user and the roles of now. */
  async find(userId: string): Promise<UserFacts | undefined> {
    const [row] = await this.byId.run([userId]);
    if (row === undefined) return undefined;
    const roles = (row.roles ?? []).map((role) => ({
      organizationId: role.organization_id,
      isDefaultOrganization: role.is_default,
      scopes: role.scopes ?? [],
    }));
    return { userId: row.id, name: row.name, email: row.email, isActive: row.is_active, roles };
  }
}
