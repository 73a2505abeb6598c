import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { NamedQuery } from '../../platform/database/named-query.js';
import type { NamespaceClaim } from '../domain/namespace-claim.js';
import type { Visibility } from '../domain/organization.js';
import { NamespaceClaimEntity } from './namespace-claim.entity.js';

interface ClaimRow {
  id: string;
  name: string;
  organization_id: string;
  organization_name: string;
  visibility: Visibility;
}

/** Claims on namespaces, found by the folded name. Joins the ambient transaction. */
@Injectable()
export class NamespaceClaimsRepository extends BaseRepository<NamespaceClaimEntity> {
  private readonly byFoldedName: NamedQuery<ClaimRow>;

  constructor(dataSource: DataSource) {
    super(NamespaceClaimEntity, dataSource);
    this.byFoldedName = new NamedQuery(
      dataSource,
      'namespace-claim-by-folded-name',
      `SELECT c.id, c.name, c.organization_id, o.name AS organization_name, o.visibility
       FROM namespace_claims c JOIN organizations o ON o.id = c.organization_id
       WHERE c.folded_name = $1`,
    );
  }

  async find(folded: string): Promise<NamespaceClaim | undefined> {
    const [row] = await this.byFoldedName.run([folded]);
    if (row === undefined) return undefined;
    return {
      id: row.id,
      name: row.name,
      organizationId: row.organization_id,
      organizationName: row.organization_name,
      visibility: row.visibility,
    };
  }

  /** Stores the claim unless the name is taken; waits for a transaction that is taking it. Whether it was stored. */
  async addIfAbsent(claim: {
    id: string;
    name: string;
    folded: string;
    organizationId: string;
  }): Promise<boolean> {
    const rows: unknown[] = await this.manager.query(
      `INSERT INTO namespace_claims (id, name, folded_name, organization_id) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING RETURNING id`,
      [claim.id, claim.name, claim.folded, claim.organizationId],
    );
    return rows.length > 0;
  }
}
