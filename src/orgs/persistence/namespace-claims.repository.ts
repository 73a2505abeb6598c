import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { NamedQuery } from '../../platform/database/named-query.js';
import type { NamespaceClaim, OwnedNamespace, ProviderClaims } from '../domain/namespace-claim.js';
import type { Visibility } from '../domain/organization.js';
import type { MirroredClaim } from '../domain/publish-grant.js';
import { NamespaceClaimEntity } from './namespace-claim.entity.js';

interface ClaimRow {
  id: string;
  name: string;
  organization_id: string | null;
  organization_name: string | null;
  visibility: Visibility;
  created_at: Date;
  is_shared: boolean;
  pulled_from: string | null;
}

/** How long the owner of a claim, and who may read under it, stay as they are: until the transaction ends. */
export interface HeldOwner {
  readonly organizationId: string;
  readonly visibility: Visibility;
  readonly isShared: boolean;
  readonly createdAt: Date;
  readonly pulledFrom: string | null;
}

const CLAIMS = `
  SELECT c.id, c.name, c.organization_id, o.name AS organization_name, o.visibility, c.created_at, c.is_shared,
    c.pulled_from
  FROM namespace_claims c LEFT JOIN organizations o ON o.id = c.organization_id`;

/** Among the mirrored providers of one name the first is meant. */
const OLDEST_MIRRORED = `${CLAIMS} WHERE c.mirrored_address = $1 ORDER BY c.created_at, c.name LIMIT 1`;

/**
 * Claims on namespaces, found by the folded name, and those of mirrored providers, which no method is about that does not
 * say so. Joins the ambient transaction.
 */
@Injectable()
export class NamespaceClaimsRepository extends BaseRepository<NamespaceClaimEntity> {
  private readonly byFoldedName: NamedQuery<ClaimRow>;
  private readonly byAddress: NamedQuery<ClaimRow & { is_mirrored: boolean }>;
  private readonly ofMirrored: NamedQuery<ClaimRow>;
  private readonly ofReaders: NamedQuery<ClaimRow>;

  constructor(dataSource: DataSource) {
    super(NamespaceClaimEntity, dataSource);
    const text = `${CLAIMS} WHERE c.folded_name = $1 AND c.mirrored_address IS NULL`;
    this.byFoldedName = new NamedQuery(dataSource, 'namespace-claim-by-folded-name', text);
    const both = `SELECT true AS is_mirrored, m.* FROM (${OLDEST_MIRRORED}) m
      UNION ALL SELECT false, own.* FROM (${text.replace('$1', '$2')}) own`;
    this.byAddress = new NamedQuery(dataSource, 'claims-by-provider-address', both);
    const mirrored = `${CLAIMS} WHERE c.folded_name = $1 AND c.mirrored_address IS NOT NULL`;
    this.ofMirrored = new NamedQuery(dataSource, 'claim-of-mirrored-provider', mirrored);
    const either = `${CLAIMS} WHERE c.folded_name IN ($1, $2) AND c.mirrored_address IS NOT NULL
      ORDER BY c.folded_name = $1 DESC LIMIT 1`;
    this.ofReaders = new NamedQuery(dataSource, 'claim-of-readers', either);
  }

  /**
   * What decides about a provider address: the claim on its namespace, and that of the oldest mirrored one. One
   * statement.
   */
  async findByAddress(address: string, folded: string): Promise<ProviderClaims> {
    const rows = await this.byAddress.run([address, folded]);
    const [own, mirrored] = [false, true].map((kind) => rows.find((row) => row.is_mirrored === kind));
    return { own: own && claimOf(own), mirrored: mirrored && claimOf(mirrored) };
  }

  /** The claim of a mirrored provider, by `host/namespace/type`. */
  async findMirrored(readers: string): Promise<NamespaceClaim | undefined> {
    const [row] = await this.ofMirrored.run([readers]);
    return row && claimOf(row);
  }

  /**
   * The claim that decides who may read a mirrored provider, by `host/namespace/type`: its own, else that on everything
   * of the host.
   */
  async findReaders(readers: string): Promise<NamespaceClaim | undefined> {
    const [row] = await this.ofReaders.run([readers, everythingOf(readers.slice(0, readers.indexOf('/')))]);
    return row && claimOf(row);
  }

  /** Says who may read what is not mirrored yet of a host, by its claim; nobody with `null`. */
  async putReadersOfHost(
    host: string,
    owner: { readonly organizationId: string; readonly isShared: boolean; readonly since: Date } | null,
  ): Promise<void> {
    const name = everythingOf(host);
    if (owner === null) return this.deleteMirrored(name);
    await this.manager.query(
      `INSERT INTO namespace_claims (name, folded_name, organization_id, mirrored_address, is_shared, created_at)
       VALUES ($1, $1, $2, '*', $3, $4)
       ON CONFLICT (folded_name) DO UPDATE SET organization_id = excluded.organization_id,
         is_shared = excluded.is_shared, created_at = excluded.created_at`,
      [name, owner.organizationId, owner.isShared, owner.since],
    );
  }

  /** The names under which documents and rows of an organization stand that follow its visibility, mirrored ones too. */
  async namesFollowing(organizationId: string): Promise<string[]> {
    const rows: { name: string }[] = await this.manager.query(
      `SELECT name FROM namespace_claims WHERE organization_id = $1 AND NOT is_shared ORDER BY folded_name`,
      [organizationId],
    );
    return rows.map(({ name }) => name);
  }

  /** Stores the claim of a mirrored provider, unless it has one or the organization is gone. Whether it was stored. */
  async addMirrored(claim: {
    id: string;
    readers: string;
    organizationId: string;
    mirrored: MirroredClaim;
  }): Promise<boolean> {
    const { address, isShared, since } = claim.mirrored;
    const rows: unknown[] = await this.manager.query(
      `INSERT INTO namespace_claims (id, name, folded_name, organization_id, mirrored_address, is_shared, created_at)
       SELECT $1, $2, $2, id, $4, $5, $6 FROM organizations WHERE id = $3 FOR KEY SHARE
       ON CONFLICT DO NOTHING RETURNING id`,
      [claim.id, claim.readers, claim.organizationId, address, isShared, since],
    );
    return rows.length > 0;
  }

  /** An older mirror brings the same provider: the claim is as old as that. */
  async predate(readers: string, since: Date): Promise<void> {
    await this.manager.query(
      'UPDATE namespace_claims SET created_at = $2 WHERE folded_name = $1 AND mirrored_address IS NOT NULL',
      [readers, since],
    );
  }

  /** Takes the claim of a mirrored provider away. */
  async deleteMirrored(readers: string): Promise<void> {
    await this.manager.query(
      'DELETE FROM namespace_claims WHERE folded_name = $1 AND mirrored_address IS NOT NULL',
      [readers],
    );
  }

  async find(folded: string): Promise<NamespaceClaim | undefined> {
    const [row] = await this.byFoldedName.run([folded]);
    return row && claimOf(row);
  }

  /** The claims of these organizations, by name. */
  async list(organizationIds: 'all' | readonly string[]): Promise<OwnedNamespace[]> {
    const rows: ClaimRow[] = await this.manager.query(
      `${CLAIMS} WHERE o.id IS NOT NULL AND c.mirrored_address IS NULL AND ($1::uuid[] IS NULL OR o.id = ANY($1::uuid[]))
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
   * lock waits for a change that is under way, and such a change waits for it. Also by `host/namespace/type`.
   */
  async holdOwner(folded: string): Promise<HeldOwner | undefined> {
    const rows: HeldOwner[] = await this.manager.query(
      `WITH held AS (
         SELECT organization_id, is_shared, created_at, pulled_from FROM namespace_claims WHERE folded_name = $1 FOR KEY SHARE)
       SELECT held.organization_id AS "organizationId", o.visibility, held.is_shared AS "isShared",
         held.created_at AS "createdAt", held.pulled_from AS "pulledFrom"
       FROM held JOIN organizations o ON o.id = held.organization_id FOR KEY SHARE OF o`,
      [folded],
    );
    return rows[0];
  }

  /** The claim, locked until the transaction ends against everybody who is about to use it. */
  async lock(folded: string): Promise<NamespaceClaim | undefined> {
    await this.manager.query(
      'SELECT 1 FROM namespace_claims WHERE folded_name = $1 AND mirrored_address IS NULL FOR UPDATE',
      [folded],
    );
    return this.find(folded);
  }

  /** One at a time takes a name, be it as a namespace or as the name of an organization. */
  async lockName(folded: string): Promise<void> {
    await this.manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('name ' || $1, 0))`, [folded]);
  }

  /** Makes a namespace one into which modules of an upstream are fetched; a claim that is there becomes that. */
  async putPulled(claim: {
    readonly name: string;
    readonly folded: string;
    readonly organizationId: string;
    readonly isShared: boolean;
    readonly pulledFrom: string;
  }): Promise<void> {
    const { name, folded, organizationId, isShared, pulledFrom } = claim;
    await this.manager.query(
      `INSERT INTO namespace_claims (name, folded_name, organization_id, is_shared, pulled_from)
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (folded_name) DO UPDATE SET name = excluded.name, organization_id = excluded.organization_id,
         is_shared = excluded.is_shared, pulled_from = excluded.pulled_from`,
      [name, folded, organizationId, isShared, pulledFrom],
    );
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
    isShared: row.is_shared,
    pulledFrom: row.pulled_from,
  };
}

/** The name of the claim on what is not mirrored yet of a host. */
function everythingOf(host: string): string {
  return `${host}/*`;
}
