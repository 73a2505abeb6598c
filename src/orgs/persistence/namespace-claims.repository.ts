import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { NamedQuery } from '../../platform/database/named-query.js';
import type { NamespaceClaim, OwnedNamespace } from '../domain/namespace-claim.js';
import type { Visibility } from '../domain/organization.js';
import { NamespaceClaimEntity } from './namespace-claim.entity.js';

interface ClaimRow {
  id: string;
  name: string;
  organization_id: string | null;
  organization_name: string | null;
  visibility: Visibility;
  created_at: Date;
}

const CLAIMS = `
  SELECT c.id, c.name, c.organization_id, o.name AS organization_name, o.visibility, c.created_at
  FROM namespace_claims c LEFT JOIN organizations o ON o.id = c.organization_id`;

/** Claims on namespaces, found by the folded name. Joins the ambient transaction. */
@Injectable()
export class NamespaceClaimsRepository extends BaseRepository<NamespaceClaimEntity> {
  private readonly byFoldedName: NamedQuery<ClaimRow>;

  constructor(dataSource: DataSource) {
    super(NamespaceClaimEntity, dataSource);
    const text = `${CLAIMS} WHERE c.folded_name = $1`;
    this.byFoldedName = new NamedQuery(dataSource, 'namespace-claim-by-folded-name', text);
  }

  async find(folded: string): Promise<NamespaceClaim | undefined> {
    const [row] = await this.byFoldedName.run([folded]);
    return row && claimOf(row);
  }

  /** The claims of these organizations, by name. */
  async list(organizationIds: 'all' | readonly string[]): Promise<OwnedNamespace[]> {
    const rows: ClaimRow[] = await this.manager.query(
      `${CLAIMS} WHERE o.id IS NOT NULL AND ($1::uuid[] IS NULL OR o.id = ANY($1::uuid[]))
       ORDER BY c.folded_name`,
      [organizationIds === 'all' ? null : organizationIds],
    );
    return rows.map(claimOf) as OwnedNamespace[];
  }

  /**
   * Stores the claim unless the name is taken or the organization is gone; waits for a transaction that decides
   * about either. Whether it was stored.
   */
  async addIfAbsent(claim: {
    id: string;
    name: string;
    folded: string;
    organizationId: string;
  }): Promise<boolean> {
    const rows: unknown[] = await this.manager.query(
      `INSERT INTO namespace_claims (id, name, folded_name, organization_id)
       SELECT $1, $2, $3, id FROM organizations WHERE id = $4 FOR KEY SHARE
       ON CONFLICT DO NOTHING RETURNING id`,
      [claim.id, claim.name, claim.folded, claim.organizationId],
    );
    return rows.length > 0;
  }

  /**
   * Keeps the owner of a namespace and its visibility as they are until the transaction ends, and reads them: the
   * lock waits for a change that is under way, and such a change waits for it.
   */
  async holdOwner(folded: string): Promise<{ organizationId: string; visibility: Visibility } | undefined> {
    const rows: { organization_id: string; visibility: Visibility }[] = await this.manager.query(
      `WITH held AS (SELECT organization_id FROM namespace_claims WHERE folded_name = $1 FOR KEY SHARE)
       SELECT held.organization_id, o.visibility FROM held JOIN organizations o ON o.id = held.organization_id
       FOR KEY SHARE OF o`,
      [folded],
    );
    return rows[0] && { organizationId: rows[0].organization_id, visibility: rows[0].visibility };
  }

  /** The claim, locked until the transaction ends against everybody who is about to use it. */
  async lock(folded: string): Promise<NamespaceClaim | undefined> {
    await this.manager.query('SELECT 1 FROM namespace_claims WHERE folded_name = $1 FOR UPDATE', [folded]);
    return this.find(folded);
  }

  /** One at a time takes a name, be it as a namespace or as the name of an organization. */
  async lockName(folded: string): Promise<void> {
    await this.manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('name ' || $1, 0))`, [folded]);
  }

  async move(id: string, organizationId: string): Promise<void> {
    await this.repository.update({ id }, { organizationId });
  }

  async delete(id: string): Promise<void> {
    await this.repository.delete({ id });
  }
}

function claimOf(row: ClaimRow): NamespaceClaim {
  return {
    id: row.id,
    name: row.name,
    organizationId: row.organization_id,
    organizationName: row.organization_name,
    visibility: row.visibility,
    createdAt: row.created_at,
  };
}
